//! The few lines that make a reader want the piece.
