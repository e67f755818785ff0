"""The Python API: `artbench.run`, `artbench.load_encoder`, `artbench.features`, `artbench.explore`, `artbench.pretrain`."""
