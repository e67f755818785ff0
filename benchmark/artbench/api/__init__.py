"""The Python API: functions such as `artbench.run`, `load_encoder`, `features`, `explore`, `predict` and `pretrain`."""
