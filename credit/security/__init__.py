"""Letters of guarantee: originals taken back, margins released."""
