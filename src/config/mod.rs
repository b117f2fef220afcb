//! The configuration: one section a file, everything wrong reported at once.
