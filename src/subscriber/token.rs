//! Signed tokens for links: bound to a purpose, with a key id, compared in constant time.
