"""Where in an image an encoder with its probe finds what it predicts: Grad-CAM and Guided Grad-CAM."""
