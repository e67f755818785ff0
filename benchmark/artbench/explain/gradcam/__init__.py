"""Where in a picture an encoder with its probe finds what it says: Grad-CAM and Guided Grad-CAM."""
