//! Contexts to try templates with: a plain week, and the weeks nobody plans for.

use super::mail::{Confirmation, DigestMail};
use super::pages::{ArchivedDigest, ArchivedEdition};
use super::story::{Aside, Copy, Picture, Shelf, Story, hue};

/// Region, its name, country, title, teaser, desk.
type Sketch = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const SKETCHES: [Sketch; 10] = [
    (
        "africa",
        "Africa",
        "Kenya",
        "What the mangroves of Lamu are worth, and to whom",
        "Along the channels behind Lamu Island a hectare of mangrove now has a price in carbon. \
         The families who cut poles there for generations ask who has sold it.",
        "Africa desk",
    ),
    (
        "africa",
        "Africa",
        "Senegal",
        "Saint-Louis builds its second sea wall",
        "The first wall held for eleven years. The second is twice as long, and the fishing \
         quarter behind it has already moved inland once.",
        "Africa desk",
    ),
    (
        "americas",
        "Americas",
        "Bolivia",
        "The salt of Uyuni waits for its railway",
        "Brine is pumped and ponds are full, but the line to the Pacific ends sixty kilometres \
         short. Freight goes by lorry, and the price of lithium does not wait.",
        "Americas desk",
    ),
    (
        "americas",
        "Americas",
        "Canada",
        "Churchill learns to live without its winter road",
        "Hudson Bay froze five weeks late. The port counts ships it never had; the town counts \
         bears on streets it always had.",
        "Americas desk, Climate desk",
    ),
    (
        "asia",
        "Asia",
        "Bangladesh",
        "Floating gardens of Barisal go to market",
        "Beds of water hyacinth carry okra and gourds through the flood months. A cooperative \
         now sells seedlings to districts that were dry ten years ago.",
        "Asia desk",
    ),
    (
        "asia",
        "Asia",
        "Kyrgyzstan",
        "A border of two hundred gates",
        "In the Ferghana valley the new line on the map runs through orchards, canals and one \
         school. Most of the gates are to stay open, the agreement says.",
        "Asia desk",
    ),
    (
        "europe",
        "Europe",
        "Portugal",
        "Who owns the wind off Viana do Castelo",
        "Floating turbines were a promise; now they are an auction. Fishermen have drawn their \
         own chart of the sea and brought it to the ministry.",
        "Europe desk",
    ),
    (
        "europe",
        "Europe",
        "Finland",
        "The slow train to Haparanda is on time",
        "Two gauges, two clocks and one bridge: the night connection across the Torne river \
         runs again, and freight is next.",
        "Europe desk",
    ),
    (
        "oceania",
        "Oceania",
        "Tuvalu",
        "Funafuti raises its ground by two metres",
        "Sand from the lagoon makes seven hectares of new land. It is the highest point of the \
         country and the first that was measured before it was built.",
        "Oceania desk",
    ),
    (
        "world",
        "World",
        "",
        "Eleven cables and the ships that mend them",
        "When a cable breaks, one of some sixty ships goes out. Half of them were built before \
         the web was, and their crews are about to retire.",
        "Desk for Networks",
    ),
];

/// The body of a sample piece, as it comes out of cleaning.
pub(super) const BODY: &str = "<p>The tide turns at six, and with it the boats. Along the \
channel the roots stand a metre out of the mud; by eight they are gone again.</p>\
<p>What grows here was fuel, then timber, then a line in a plan. Now it is counted in tonnes \
that somebody, somewhere, will not emit. <a href=\"https://example.org/registry\">The register</a> \
lists it under a number.</p><h2>A price a hectare</h2><p>The contract runs for thirty years and \
has four pages. The third says who decides.</p><blockquote><p>We know each tree that we have \
cut. They know each tree that we have not.</p></blockquote><ul><li>Surveyed: 3,200 hectares</li>\
<li>Under contract: 1,150</li></ul><pre><code>tonnes = hectares * density</code></pre>";

/// `count` plain stories, one region after the other.
pub(super) fn stories(count: usize) -> Vec<Story> {
    (0..count).map(story).collect()
}

fn story(nth: usize) -> Story {
    let (path, _, kicker, title, teaser, desk) = SKETCHES[nth % SKETCHES.len()];
    let part = nth / SKETCHES.len();
    let title = if part == 0 { title.to_owned() } else { format!("{title} ({})", part + 1) };
    let picture = (nth % 3 != 1).then(|| Picture {
        url: format!("https://news.example.org/media/{nth}.jpg"),
        alt: format!("Sketch for \u{201c}{title}\u{201d}"),
        credit: "Photo desk".to_owned(),
        width: 176,
        height: 117,
    });
    let other = SKETCHES[(nth + 1) % SKETCHES.len()];
    let beside = [(other, "earlier"), (SKETCHES[(nth + 3) % SKETCHES.len()], "before")];
    let beside =
        beside.into_iter().take((nth + 2) % 3).map(|((.., title, teaser, _), slug)| Aside {
            title: title.to_owned(),
            url: format!("https://news.example.org/{slug}/{nth}"),
            teaser: teaser.chars().take(100).collect(),
        });
    Story {
        url: format!("https://news.example.org/pieces/{nth}?from=digest&edition=14"),
        teaser: teaser.to_owned(),
        byline: desk.to_owned(),
        kicker: kicker.to_owned(),
        hue: hue(path),
        date: format!("2026-11-{:02}", 22 - nth % 7),
        source: String::new(),
        lang: String::new(),
        dir: "ltr",
        picture,
        beside: beside.collect(),
        copies: vec![],
        title,
    }
}

fn lead() -> Story {
    let mut lead = story(0);
    if let Some(picture) = &mut lead.picture {
        (picture.width, picture.height) = (576, 384);
    }
    lead
}

/// Stories that break careless templates.
pub(super) fn ugly_stories() -> Vec<Story> {
    let plain = story(0);
    let markup = Story {
        title: "</title><script>alert(1)</script> \"5 < 6\" & {{ 7 * 7 }}".to_owned(),
        teaser: "<b>not bold</b> {% raw %} &amp; ' onmouseover=x".to_owned(),
        byline: "<Desk> & \"Desk\"".to_owned(),
        ..plain.clone()
    };
    let long = Story {
        title: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk".repeat(6),
        teaser: "ﷺ".repeat(300),
        beside: vec![],
        picture: None,
        byline: String::new(),
        kicker: String::new(),
        ..plain.clone()
    };
    let rtl = Story {
        title: "من يملك ماء النهر؟".to_owned(),
        teaser: "عند ملتقى النهرين تُحسب كل قطرة، ويُسأل كل بيت عن بئره.".to_owned(),
        byline: "مكتب آسيا".to_owned(),
        lang: "ar".to_owned(),
        dir: "rtl",
        ..plain.clone()
    };
    let bare = Story {
        title: "X".to_owned(),
        teaser: String::new(),
        byline: String::new(),
        picture: None,
        beside: vec![],
        source: "A wire service".to_owned(),
        copies: vec![
            Copy {
                name: "The <Evening> & Post".to_owned(),
                url: "https://post.example.org/1".to_owned(),
            },
            Copy {
                name: "صحيفة المساء".to_owned(),
                url: "https://evening.example.org/2".to_owned(),
            },
        ],
        ..plain
    };
    vec![markup, long, rtl, bare]
}

/// Stories gathered by region.
fn shelves(stories: Vec<Story>, lines: usize) -> Vec<Shelf> {
    let mut shelves: Vec<Shelf> = Vec::new();
    let from = stories.len().saturating_sub(lines);
    for (nth, story) in stories.into_iter().enumerate() {
        let (path, name, ..) = SKETCHES[usize::from(story.hue.min(4)) * 2];
        let path = if story.hue == 5 { "world" } else { path };
        let name = if story.hue == 5 { "World" } else { name };
        let at = shelves.iter().position(|shelf| shelf.path == path).unwrap_or_else(|| {
            shelves.push(Shelf {
                name: name.to_owned(),
                path: path.to_owned(),
                hue: story.hue,
                stories: vec![],
                lines: vec![],
            });
            shelves.len() - 1
        });
        let shelf = &mut shelves[at];
        if nth >= from { shelf.lines.push(story) } else { shelf.stories.push(story) }
    }
    shelves
}

/// Digests from the shortest to the ugliest.
pub(super) fn digests() -> Vec<DigestMail> {
    let empty = DigestMail {
        lang: "en".to_owned(),
        site_title: "The Meridian Review".to_owned(),
        site_url: "https://news.example.org/".to_owned(),
        site_description: String::new(),
        imprint: String::new(),
        title: "The week by region".to_owned(),
        date: "2026-11-23".to_owned(),
        number: 0,
        preheader: "Nothing new this week, which happens in the best of weeks".to_owned(),
        why: "You get this because you asked for it.".to_owned(),
        address: "reader@example.org".to_owned(),
        archive_url: "https://news.example.org/archive/weekly/14".to_owned(),
        unsubscribe_url: "https://news.example.org/unsubscribe/sample".to_owned(),
        preferences_url: String::new(),
        count: 0,
        lead: None,
        shelves: vec![],
        rest: 0,
    };
    let week = DigestMail {
        site_description: "Reporting that follows rivers, roads and cables.".to_owned(),
        imprint: "The Meridian Review, 14 Harbour Row, Greenwich".to_owned(),
        number: 14,
        why: String::new(),
        preferences_url: "https://news.example.org/preferences/sample".to_owned(),
        count: 10,
        lead: Some(lead()),
        shelves: shelves(stories(10).split_off(1), 0),
        ..empty.clone()
    };
    let crowded = DigestMail {
        count: 230,
        lead: Some(lead()),
        shelves: shelves(stories(200).split_off(1), 150),
        rest: 30,
        ..week.clone()
    };
    let ugly = DigestMail {
        lang: "he".to_owned(),
        site_title: "</title><i>\"The Review\" & Sons".to_owned(),
        title: "{{ title }} <br>".to_owned(),
        imprint: "1 < 2 Street\nTown & Country".to_owned(),
        count: 5,
        lead: ugly_stories().into_iter().next(),
        shelves: shelves(ugly_stories().split_off(1), 1),
        rest: 1,
        ..week.clone()
    };
    let tongues = ["fr", "de", "es", "pt", "it", "xx"];
    let others = tongues.map(|lang| DigestMail { lang: lang.to_owned(), ..week.clone() });
    [empty, week.clone(), crowded, ugly].into_iter().chain(others).collect()
}

/// Confirmations, plain and ugly.
pub(super) fn confirmations() -> Vec<Confirmation> {
    let mail = |lang: &str, title: &str| Confirmation {
        lang: lang.to_owned(),
        site_title: title.to_owned(),
        confirm_url: "https://news.example.org/confirm/sample".to_owned(),
    };
    vec![
        mail("en", "The Meridian Review"),
        mail("fr", "</title><i>\"Revue\" & fils"),
        mail("ar", "مراجعة خط الزوال"),
    ]
}

/// A digest with two past editions.
pub(super) fn archived_digest() -> ArchivedDigest {
    let edition = |number, date: &str, headline: &str| ArchivedEdition {
        url: format!("/archive/weekly/{number}"),
        number,
        date: date.to_owned(),
        headline: headline.to_owned(),
        count: 12,
    };
    ArchivedDigest {
        name: "weekly".to_owned(),
        title: "The week by region".to_owned(),
        feed: "/feeds/digest/weekly.atom".to_owned(),
        editions: vec![
            edition(14, "2026-11-23", "What the mangroves of Lamu are worth, and to whom"),
            edition(13, "2026-11-16", "A border of two hundred gates"),
            edition(0, "2026-11-09", ""),
        ],
        older_url: "/archive/weekly?before=12".to_owned(),
    }
}
