use super::*;
use crate::article::{Hint, Label, LabelKind};

fn feed(source: &str) -> Document {
    document(source.as_bytes(), None, Some(&Url::parse("https://news.example/feed").unwrap()))
        .unwrap()
}

fn one(name: &str, source: &str) -> Draft {
    file(name, source.as_bytes(), None).unwrap().drafts.remove(0)
}

fn html(draft: &Draft) -> &str {
    match &draft.body {
        Body::Html(html) | Body::Text(html) => html,
    }
}

#[test]
fn rss_gives_every_field_a_reader_sees() {
    let document = feed(
        r#"<rss version="2.0" xmlns:c="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
             xmlns:media="http://search.yahoo.com/mrss/"><channel><title>The Review</title><link>https://news.example/</link>
           <language>en_gb</language><image><title>Logo</title><link>x</link><url>l.png</url></image>
           <item><title>Ports &amp;amp; &lt;b&gt;ships&lt;/b&gt;</title><link>/ports?a=1&b=2</link><guid isPermaLink="false">p-1</guid>
             <pubDate>Thu, 01 Jan 2004 19:48:21 GMT</pubDate><dc:creator>Africa desk</dc:creator>
             <category domain="https://news.example/regions">AFRICA/Kenya</category><category>Trade</category>
             <description>The short of it.</description><c:encoded><![CDATA[<p>The <em>long</em> of it, which goes on.</p>]]></c:encoded>
             <media:content url="/i.jpg" medium="image" width="800" height="600"><media:credit>An agency</media:credit><media:description>A ship</media:description></media:content>
             <source url="https://wire.example/feed">The Wire</source></item></channel></rss>"#,
    );

    let draft = &document.drafts[0];
    assert_eq!(
        (document.format, document.title.as_deref(), document.language.as_deref()),
        (Format::Rss, Some("The Review"), Some("en-GB"))
    );
    assert_eq!(draft.title, "Ports & ships");
    assert_eq!(draft.url.as_deref(), Some("https://news.example/ports?a=1&b=2"));
    assert_eq!(draft.guid, "p-1");
    assert_eq!(draft.published.unwrap().timestamp(), 1_072_986_501);
    assert_eq!(draft.authors, ["Africa desk"]);
    assert_eq!(draft.language.as_deref(), Some("en-GB"));
    assert_eq!(
        draft.labels[0],
        Label { kind: LabelKind::Category, path: vec!["AFRICA".into(), "Kenya".into()] }
    );
    assert_eq!(draft.excerpt.as_deref(), Some("The short of it."));
    assert_eq!(html(draft), "<p>The <em>long</em> of it, which goes on.</p>");
    let image = draft.image.as_ref().unwrap();
    assert_eq!(
        (image.url.as_str(), image.alt.as_str(), image.width),
        ("https://news.example/i.jpg", "A ship", Some(800))
    );
    assert_eq!(image.credit.as_deref(), Some("An agency"));
    assert_eq!(draft.credit.as_deref(), Some("The Wire"));
}

#[test]
fn atom_keeps_text_apart_from_markup_and_resolves_addresses() {
    let document = feed(
        r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://base.example/a/" xml:lang="fr"><title type="text">R</title>
           <link rel="self" href="/feed"/><link href="/"/><author><name>The desk</name></author>
           <entry xml:base="b/"><id>urn:1</id><title type="text">Is 1 &lt; 2?</title><link rel="alternate" href="c"/>
             <updated>2004-02-28T18:14:55Z</updated><summary>Short.</summary>
             <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One &amp; <x:b xmlns:x="http://www.w3.org/1999/xhtml">two</x:b><br/></p></div></content></entry>
           </feed>"#,
    );

    let draft = &document.drafts[0];
    assert_eq!(
        (document.format, document.link.as_deref()),
        (Format::Atom, Some("https://base.example/"))
    );
    assert_eq!(draft.title, "Is 1 < 2?");
    assert_eq!(draft.url.as_deref(), Some("https://base.example/a/b/c"));
    assert_eq!((draft.authors[0].as_str(), draft.language.as_deref()), ("The desk", Some("fr")));
    assert_eq!(draft.published, draft.updated);
    assert_eq!(
        html(draft),
        r#"<div xmlns="http://www.w3.org/1999/xhtml"><p>One &amp; <b xmlns:x="http://www.w3.org/1999/xhtml">two</b><br></p></div>"#
    );
}

#[test]
fn rdf_and_json_feeds_are_read_too() {
    let rdf = feed(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>\
         <channel rdf:about='x'><title>R</title><items><rdf:Seq><rdf:li resource='x'/></rdf:Seq></items></channel>\
         <item rdf:about='https://news.example/1'><title>One</title><dc:date>2004-05-01</dc:date></item></rdf:RDF>",
    );
    let json = feed(
        r#"{"version":"https://jsonfeed.org/version/1.1","title":"R","items":[
            {"id":7,"url":"/7","title":"Seven","content_html":"<p>x</p>","tags":["World > Europe"],"authors":[{"name":"Desk"}]},
            {"id":"8","content_text":"y"}]}"#,
    );

    assert_eq!(
        (rdf.format, rdf.drafts[0].guid.as_str(), rdf.drafts[0].title.as_str()),
        (Format::Rdf, "https://news.example/1", "One")
    );
    assert!(rdf.drafts[0].published.is_some());
    assert_eq!(
        (json.drafts[0].guid.as_str(), json.drafts[0].url.as_deref()),
        ("7", Some("https://news.example/7"))
    );
    assert_eq!(json.drafts[0].labels[0].path, ["World", "Europe"]);
    assert_eq!(json.drafts[1].body, Body::Text("y".to_owned()));
}

#[test]
fn the_oldest_format_is_read_too() {
    let document = document(
        b"<CHANNEL HREF='http://e.example/'><TITLE>C</TITLE><ITEM HREF='/1' LASTMOD='2004-04-06T23:05Z'>\
          <TITLE>One</TITLE><ABSTRACT>Short.</ABSTRACT></ITEM></CHANNEL>",
        None,
        None,
    )
    .unwrap();

    let draft = &document.drafts[0];
    assert_eq!(document.link.as_deref(), Some("http://e.example/"));
    assert_eq!((draft.url.as_deref(), html(draft)), (Some("http://e.example/1"), "Short."));
    assert_eq!(draft.updated.unwrap().to_rfc3339(), "2004-04-06T23:05:00+00:00");
}

#[test]
fn a_place_that_an_entry_names_is_a_label() {
    let document = feed(
        "<feed xmlns:g='http://www.georss.org/georss'><entry><g:featurename>Nairobi</g:featurename>\
         <dc:coverage>Kenya</dc:coverage></entry></feed>",
    );

    let paths: Vec<_> =
        document.drafts[0].labels.iter().map(|label| label.path[0].as_str()).collect();
    assert_eq!(paths, ["Nairobi", "Kenya"]);
}

#[test]
fn coordinates_are_a_label_with_their_country() {
    let places = [
        "<georss:point>-1.29 36.82</georss:point>",
        "<georss:where><gml:Point><gml:pos>-1.29 36.82</gml:pos></gml:Point></georss:where>",
        "<georss:box>-1.5 36.5 -1.1 37.1</georss:box>",
        "<geo:lat>-1.29</geo:lat><geo:long>36.82</geo:long>",
        "<g:Point xmlns:g='http://www.w3.org/2003/01/geo/wgs84_pos#'><g:long>36.82</g:long><g:lat>-1.29</g:lat></g:Point>",
    ];
    for place in places {
        let document = feed(&format!("<rss><channel><item>{place}</item></channel></rss>"));
        let label = &document.drafts[0].labels[0];
        assert_eq!((label.kind, &label.path[0][..]), (LabelKind::Tag, "Kenya"), "{place}");
    }
    for place in ["<georss:point>here</georss:point>", "<geo:lat>12</geo:lat>"] {
        let document = feed(&format!("<rss><channel><item>{place}</item></channel></rss>"));
        assert!(document.drafts[0].labels.is_empty(), "{place}");
    }
}

#[test]
fn broken_feeds_give_what_can_be_saved() {
    let document = feed(
        "\u{feff} \n<rss><channel><title>A & B \u{b}&nbsp;C</title><item><title>one</title><link>https://e.example/1</link></item><item><title>tw",
    );

    assert_eq!(document.title.as_deref(), Some("A & B C"));
    assert_eq!(
        document.drafts.iter().map(|draft| draft.title.as_str()).collect::<Vec<_>>(),
        ["one", "tw"]
    );
    assert_eq!(document.drafts[0].guid, "https://e.example/1");
}

#[test]
fn entities_that_a_document_declares_are_never_expanded() {
    let document = feed(
        "<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a 'lol'><!ENTITY b '&a;&a;'><!ENTITY x SYSTEM 'file:///etc/passwd'>]>\
         <rss><channel><title>&b;&x;</title></channel></rss>",
    );

    assert_eq!(document.title.as_deref(), Some("&b;&x;"));
}

#[test]
fn a_feed_may_hold_many_entries() {
    let items =
        (0..20_000).fold(String::new(), |all, n| all + &format!("<item><guid>{n}</guid></item>"));

    assert_eq!(feed(&format!("<rss><channel>{items}</channel></rss>")).drafts.len(), 20_000);
}

#[test]
fn one_guid_is_one_piece_and_the_later_one_counts() {
    let item = |title: &str, date: &str| {
        format!("<item><guid>same</guid><title>{title}</title><pubDate>{date}</pubDate></item>")
    };
    let source = format!(
        "<rss>{}{}{}</rss>",
        item("old", "2004-01-01"),
        item("new", "2004-01-03"),
        item("middle", "2004-01-02")
    );

    let settled = guid::settle(feed(&source).drafts);

    assert_eq!(settled.iter().map(|draft| draft.title.as_str()).collect::<Vec<_>>(), ["new"]);
}

#[test]
fn how_readers_were_counted_is_no_part_of_an_id() {
    let source =
        "<rss><item><link>https://e.example/a?id=1&amp;utm_source=feed#x</link></item></rss>";

    assert_eq!(feed(source).drafts[0].guid, "https://e.example/a?id=1#x");
}

#[test]
fn packed_data_that_unpacks_to_too_much_is_refused_before_it_takes_memory() {
    let pack = |write: &dyn Fn(&mut dyn std::io::Write)| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        write(&mut packed);
        packed.finish().unwrap()
    };
    let bomb = pack(&|to| (0..65).for_each(|_| to.write_all(&vec![b' '; 1 << 20]).unwrap()));
    let honest = pack(&|to| to.write_all(b"<rss><item><title>A</title></item></rss>").unwrap());

    assert_eq!(document(&bomb, None, None), Err(ParseError::Gzip));
    assert_eq!(document(&honest, None, None).unwrap().drafts.len(), 1);
    assert_eq!(document(&honest[..honest.len() - 9], None, None).unwrap().drafts.len(), 1);
}

#[test]
fn a_piece_without_an_id_gets_the_same_one_every_time() {
    let source = "<rss><item><title>One</title><pubDate>2004-01-01</pubDate></item><item><title>Two</title></item></rss>";
    let (first, second) = (feed(source), feed(source));

    assert_eq!(first.drafts[0].guid, second.drafts[0].guid);
    assert_ne!(first.drafts[0].guid, first.drafts[1].guid);
}

#[test]
fn what_is_no_feed_is_named() {
    for (source, words) in [
        ("", "empty"),
        ("just words", "plain text"),
        ("<!DOCTYPE html><html><head><title>Log in</title></head></html>", "log in"),
        (
            "<html><head><title>R</title><link type='application/rss+xml' href='/feed.xml'></head></html>",
            "/feed.xml",
        ),
        ("<svg></svg>", "svg"),
        ("{\"a\":1}", "JSON"),
    ] {
        let error = document(source.as_bytes(), None, None).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_login_page_is_no_piece() {
    for source in [
        "<html><head><title>Log in</title></head><body>please log in</body></html>",
        "<html><title>The Review</title><form><input type=password name=p></form>Members only</html>",
    ] {
        assert_eq!(file("a.html", source.as_bytes(), None), Err(ParseError::Login), "{source}");
    }
    let piece = format!(
        "<title>Logins of the world</title><article><h1>Logins of the world</h1><p>{LEAD}</p></article>"
    );
    assert!(file("a.html", piece.as_bytes(), None).is_ok());
}

#[test]
fn what_was_once_fuzzed_stays_good() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for name in ["feed", "file", "date", "clean", "opml", "site", "sent"] {
        let target = match name {
            "feed" => fuzzed::feed,
            "file" => fuzzed::file_of_any_kind,
            "date" => fuzzed::a_date,
            "clean" => fuzzed::html,
            "site" => fuzzed::a_site,
            "sent" => fuzzed::sent,
            _ => fuzzed::opml,
        };
        let seeds = std::fs::read_dir(corpus.join(name)).unwrap();
        let bytes: Vec<Vec<u8>> =
            seeds.map(|seed| std::fs::read(seed.unwrap().path()).unwrap()).collect();
        assert!(!bytes.is_empty(), "{name} has no seeds");
        for seed in bytes {
            target(&seed);
        }
    }
}

const LEAD: &str = "The harbour of the capital has been closed since the spring, and the ships that used to bring grain wait outside its mouth for a word from the ministry.";

/// A page of a magazine as it comes out of a scraper.
fn magazine() -> String {
    format!(
        "Home » AFRICA » KENYA » Closed Harbour – What the Grain Is Waiting For\n\nClosed Harbour – What the Grain Is Waiting For\n\n{LEAD}\n\n\
         The ministry keeps silent\n\n{LEAD} It is not the first time.\n\nAbout the treaty\n\n{LEAD}\n\n\u{a0} – Africa desk\n\n\n\
         (Featured Image: An agency, some library)\n\n\nAbout Africa desk\n\nCheck Also\n\nThe Railway That Never Came\n\n\
         Now that some of the rails have been laid, the question is who ...\n\nA Second Piece\n\nLeave a Reply\n\n\
         Your email address will not be published. Required fields are marked *\n\nName *\n\nWebsite\n"
    )
}

#[test]
fn a_scraped_magazine_page_is_taken_apart() {
    let draft = one("port.txt", &magazine());

    assert_eq!(draft.title, "Closed Harbour – What the Grain Is Waiting For");
    assert_eq!(draft.authors, ["Africa desk"]);
    assert_eq!(
        draft.labels,
        [Label { kind: LabelKind::Breadcrumb, path: vec!["AFRICA".into(), "KENYA".into()] }]
    );
    assert_eq!(
        html(&draft),
        format!(
            "{LEAD}\n\nThe ministry keeps silent\n\n{LEAD} It is not the first time.\n\nAbout the treaty\n\n{LEAD}"
        )
    );
    assert_eq!(draft.image.unwrap().credit.as_deref(), Some("An agency, some library"));
    assert_eq!(
        draft.hints,
        [
            Hint {
                title: "The Railway That Never Came".into(),
                url: None,
                teaser: "Now that some of the rails have been laid, the question is who ...".into()
            },
            Hint { title: "A Second Piece".into(), url: None, teaser: String::new() },
        ]
    );
}

#[test]
fn a_plain_text_needs_no_breadcrumb() {
    let draft = one(
        "a.txt",
        &format!(
            "The title\nBy the Asia desk\n3 May 2024\n\n{LEAD}\r\n\r\nTags: Trade, Ports\n\nShare\n"
        ),
    );

    assert_eq!(draft.title, "The title");
    assert_eq!(html(&draft), LEAD);
    assert_eq!(draft.authors, ["the Asia desk"]);
    assert_eq!(draft.published.unwrap().to_rfc3339(), "2024-05-03T00:00:00+00:00");
    assert_eq!(
        draft.labels.iter().map(|label| label.path[0].as_str()).collect::<Vec<_>>(),
        ["Trade", "Ports"]
    );
}

#[test]
fn a_title_may_hold_the_mark_of_the_breadcrumb() {
    let draft = one("a.txt", &format!("Home » ASIA » One » Two\n\nOne » Two\n\n{LEAD}"));

    assert_eq!(draft.title, "One » Two");
    assert_eq!(draft.labels[0].path, ["ASIA"]);
}

#[test]
fn front_matter_is_read_in_yaml_and_toml() {
    let yaml = one(
        "a.md",
        "---\ntitle: \"Ports: a *story*\"\ndate: 2024-05-03\nauthors:\n  - name: Africa desk\n  - Asia desk\nregion: africa/kenya\n\
         tags: [trade]\nimage: { src: i.png, alt: A ship, credit: An agency }\nsummary: Why.\nlang: en\nid: 42\n\
         related:\n  - title: Railways\n    url: https://e.example/r\n---\n\nSome *text*.\n",
    );
    let toml = one(
        "b.md",
        "+++\ntitle = \"T\"\ndate = 2024-05-03T10:00:00Z\ncategories = [\"World > Asia\"]\n+++\n# Other\nText\n",
    );
    let none = one("c.md", "# Heading\n\nText\n");

    assert_eq!(
        (yaml.title.as_str(), yaml.guid.as_str(), html(&yaml)),
        ("Ports: a *story*", "42", "<p>Some <em>text</em>.</p>\n")
    );
    assert_eq!(yaml.authors, ["Africa desk", "Asia desk"]);
    assert_eq!(
        yaml.labels[0],
        Label { kind: LabelKind::Breadcrumb, path: vec!["africa".into(), "kenya".into()] }
    );
    assert_eq!(yaml.image.unwrap().credit.as_deref(), Some("An agency"));
    assert_eq!(yaml.hints[0].url.as_deref(), Some("https://e.example/r"));
    assert_eq!((toml.title.as_str(), toml.published.unwrap().timestamp()), ("T", 1_714_730_400));
    assert_eq!(toml.labels[0].path, ["World", "Asia"]);
    assert_eq!((none.title.as_str(), html(&none)), ("Heading", "<p>Text</p>\n"));
}

#[test]
fn a_draft_is_not_published_and_an_unfinished_file_is_a_failure() {
    assert!(file("a.md", b"---\ntitle: A\ndraft: true\n---\nx", None).unwrap().drafts.is_empty());
    assert!(matches!(file("a.md", b"---\ntitle: A\n", None), Err(ParseError::FrontMatter(_))));
    assert_eq!(file("a.md", b"", None), Err(ParseError::Empty));
    assert_eq!(file("a.txt", b" \n ", None), Err(ParseError::Empty));
    assert_eq!(
        one("a.md", "---\ntitle: Ports: a story: told\n---\nx").title,
        "Ports: a story: told"
    );
}

#[test]
fn a_web_page_gives_its_piece_without_the_furniture() {
    let draft = one(
        "a.html",
        &format!(
            "<html lang=en><head><title>Ports | The Review</title><meta property='og:title' content='Ports &amp; ships'>\
             <meta name=author content='Africa desk'><meta property='article:published_time' content='2024-05-03T10:00:00Z'>\
             <link rel=canonical href='https://news.example/ports'></head><body><nav>Menu</nav>\
             <nav class=breadcrumb><a href=/>Home</a> » <a href=/af>Africa</a> » Ports &amp; ships</nav>\
             <main><article><h1>Ports &amp; ships</h1><div class='byline'>By Africa desk</div><p>{LEAD}</p><h2>Silence</h2><p>More.</p>\
             <div class='share'>Tweet</div><div class='related-posts'><h3>Check also</h3><a href='/r'>The railway that never came</a></div>\
             </article></main><footer>Imprint</footer><script>x</script></body></html>"
        ),
    );

    assert_eq!(
        (draft.title.as_str(), draft.url.as_deref()),
        ("Ports & ships", Some("https://news.example/ports"))
    );
    assert_eq!(draft.authors, ["Africa desk"]);
    assert_eq!(draft.labels, [Label { kind: LabelKind::Breadcrumb, path: vec!["Africa".into()] }]);
    assert_eq!(html(&draft), format!("<p>{LEAD}</p><h2>Silence</h2><p>More.</p>"));
    assert_eq!(draft.hints[0].title, "The railway that never came");
}

#[test]
fn no_nesting_makes_a_document_slow_or_deep() {
    for part in [
        "<b>",
        "<item>",
        "<rss>",
        "<item><author>",
        "<title>",
        "<![CDATA[",
        "<!--",
        "<a b='",
        "{\"a\":[",
        "<x xmlns:a='b'>",
        "<div class=byline>",
        "<div itemprop=author>",
        "<p property=articleSection>",
        "<script>a ",
    ] {
        let source = part.repeat(20_000);
        let _ = document(source.as_bytes(), None, None);
        let _ = document(format!("<rss><item><description>{source}").as_bytes(), None, None);
        let _ = file("a.html", source.as_bytes(), None);
        let _ = file("a.md", source.as_bytes(), None);
        let _ = file("a.txt", source.as_bytes(), None);
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), prefix in "(<rss><item>|<feed>|\\{|---\n|\u{feff}|)") {
        let all = [prefix.as_bytes(), &bytes].concat();
        let _ = document(&all, Some("text/xml; charset=utf-8"), None);
        for name in ["a.md", "a.html", "a.txt"] {
            let _ = file(name, &all, None);
        }
    }
}
