//! The NVIDIA driver of this machine.
