//! From bytes to drafts: RSS, Atom, RDF, JSON Feed, HTML pages, Markdown, plain text.
