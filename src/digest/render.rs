//! From an edition to subject, HTML and text.
