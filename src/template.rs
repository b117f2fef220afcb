//! Templates: compiled in, overridden by a folder, checked against samples.
