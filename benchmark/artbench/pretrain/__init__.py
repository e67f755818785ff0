"""Self-supervised pretraining: everything that does not depend on the method."""
