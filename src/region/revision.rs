//! Which classifier this is: stored pieces are decided anew when another one
//! decided them.

/// Raise it with every change of the code that may move a piece. Changes of
/// the tables are noticed by themselves.
const CODE: u64 = 2;

/// A number that changes with the classifier and with its tables.
#[must_use]
pub fn revision() -> u64 {
    let places = include_bytes!("data/places.tsv.gz");
    // A gzip file ends with the checksum and the length of what it holds.
    let trailer = places.last_chunk::<8>().map_or(&places[..], |last| &last[..]);
    let tables: [&[u8]; 5] = [
        trailer,
        include_bytes!("data/own.tsv"),
        include_bytes!("data/model.tsv"),
        include_bytes!("data/regions.tsv"),
        include_bytes!("data/well-known.tsv"),
    ];
    tables.iter().flat_map(|table| table.iter()).fold(CODE ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
