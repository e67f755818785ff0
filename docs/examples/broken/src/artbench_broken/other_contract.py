"""Was made for a contract that is no more, and needs what only that had."""

from artbench import a_name_of_contract_0  # noqa: F401

ARTBENCH_CONTRACT = 0
