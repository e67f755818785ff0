"""The Python API: `artbench.run`, `load_encoder`, `features`, `explore`, `pretrain`, each in a module of its own."""
