//! Names of log fields and metrics, and how logs are written.
