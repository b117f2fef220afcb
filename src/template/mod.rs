//! Templates: compiled in, overridden by a folder, checked against samples.
//!
//! Logic is in Rust, wording in the template. A context ([`Mail`], [`Page`])
//! is plain strings and lists; this folder does not know what they mean, who
//! sends a mail or who serves a page.

mod error;
mod files;
mod filters;
mod mail;
pub mod pages;
mod samples;
mod story;
mod words;

use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

pub use error::TemplateError;
pub use filters::direction;
pub use mail::{Confirmation, DigestMail, Mail, Rendered};
pub use pages::Page;
pub use story::{Aside, Copy, Picture, Shelf, Story, hue};

use files::Files;
use words::Words;

/// Work that one rendering may do; 200 pieces need about a tenth.
const FUEL: u64 = 5_000_000;
/// The shortest mail has to leave room for pieces: Gmail cuts at 102 KB.
const FRAME_MAX_BYTES: usize = 60_000;

/// All templates, ready to use.
#[derive(Debug, Clone)]
pub struct Templates {
    env: Environment<'static>,
    stylesheet: String,
}

impl Templates {
    /// The templates that are compiled in, those of `override_dir` in their
    /// place: `override_dir/digest/body.html` for `digest/body.html`. Every
    /// template is read and rendered with all its samples.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn load(override_dir: Option<&Path>) -> Result<Self, Vec<TemplateError>> {
        let mut files = files::built_in();
        let mut problems =
            override_dir.map(|dir| files::override_from(dir, &mut files)).unwrap_or_default();
        match Self::from_files(&files) {
            Ok(templates) => {
                problems.extend(templates.rehearse());
                name_files(&mut problems, &files);
                if problems.is_empty() { Ok(templates) } else { Err(problems) }
            }
            Err(more) => {
                problems.extend(more);
                name_files(&mut problems, &files);
                Err(problems)
            }
        }
    }

    /// The stylesheet of all pages.
    #[must_use]
    pub fn stylesheet(&self) -> &str {
        &self.stylesheet
    }

    /// Renders a page.
    ///
    /// # Errors
    /// The file and line of the template that does not work.
    pub fn render_page<P: Page>(&self, page: &P) -> Result<String, TemplateError> {
        self.render(&format!("pages/{}", P::FILE), page)
    }

    fn render(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        let rendered = self
            .env
            .get_template(name)
            .and_then(|template| template.render(Value::from(Serde(context))));
        rendered.map_err(|error| TemplateError::of_engine(name, &error))
    }

    fn from_files(files: &Files) -> Result<Self, Vec<TemplateError>> {
        let mut problems = Vec::new();
        let mut env = Environment::new();
        env.set_syntax(trimming());
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_fuel(Some(FUEL));
        env.set_debug(false);
        match Words::read(files) {
            Ok(words) => filters::teach(&mut env, words),
            Err(more) => problems.extend(more),
        }
        let mut stylesheet = String::new();
        for (name, file) in files {
            if name == "pages/style.css" {
                stylesheet.clone_from(&file.text);
            } else if !name.starts_with("words/")
                && let Err(error) = env.add_template_owned(name.clone(), file.text.clone())
            {
                problems.push(TemplateError::of_engine(name, &error));
            }
        }
        if problems.is_empty() { Ok(Self { env, stylesheet }) } else { Err(problems) }
    }

    /// Renders everything with its samples; the same complaint is made once.
    fn rehearse(&self) -> Vec<TemplateError> {
        let mut problems = Vec::new();
        self.rehearse_mail::<DigestMail>(&mut problems);
        self.rehearse_mail::<Confirmation>(&mut problems);
        pages::rehearse_all(self, &mut problems);
        let mut seen = Vec::new();
        problems.retain(|problem| {
            let fresh = !seen.contains(problem);
            if fresh {
                seen.push(problem.clone());
            }
            fresh
        });
        problems
    }

    fn rehearse_mail<M: Mail>(&self, problems: &mut Vec<TemplateError>) {
        for (nth, sample) in M::samples().iter().enumerate() {
            // Each part by itself, so that one bad part does not hide another.
            let mut whole = true;
            for file in ["subject.txt", "body.html", "body.txt"] {
                if let Err(problem) = self.render(&format!("{}/{file}", M::FOLDER), sample) {
                    problems.push(problem);
                    whole = false;
                }
            }
            if whole {
                match self.render_mail(sample) {
                    Ok(mail) => problems.extend(shortcomings(sample, &mail, nth == 0)),
                    Err(problem) => problems.push(problem),
                }
            }
        }
    }

    fn rehearse_page<P: Page>(&self, problems: &mut Vec<TemplateError>) {
        problems.extend(P::samples().iter().filter_map(|page| self.render_page(page).err()));
    }
}

/// What a mail that rendered well still lacks.
fn shortcomings<M: Mail>(sample: &M, mail: &Rendered, shortest: bool) -> Vec<TemplateError> {
    let file = |name: &str| format!("{}/{name}", M::FOLDER);
    let mut problems = Vec::new();
    if mail.subject.is_empty() {
        let message = "gives an empty subject";
        problems.push(TemplateError::of_file(&file("subject.txt"), message, "say something"));
    }
    for duty in sample.duties() {
        for (name, body) in
            [("body.html", mail.html.replace("&amp;", "&")), ("body.txt", mail.text.clone())]
        {
            if !body.contains(duty) {
                let message = format!("does not show the link `{duty}` of a sample");
                let remedy = "put it in as the built-in template does";
                problems.push(TemplateError::of_file(&file(name), message, remedy));
            }
        }
    }
    if shortest && mail.html.len() > FRAME_MAX_BYTES {
        let message = format!("makes {} bytes of HTML without any piece", mail.html.len());
        let remedy = "shorten it: Gmail cuts a mail at 102 KB";
        problems.push(TemplateError::of_file(&file("body.html"), message, remedy));
    }
    problems
}

/// A tag on a line of its own leaves no empty line.
fn trimming() -> SyntaxConfig {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .expect("the delimiters are minijinja's own")
}

/// Says `/etc/gazetted/templates/digest/body.html` for `digest/body.html`
/// where that file came from an operator's folder.
fn name_files(problems: &mut [TemplateError], files: &Files) {
    for problem in problems {
        if let Some(file) = files.get(&problem.file) {
            problem.file.clone_from(&file.shown_as);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn load_with(files: &[(&str, &str)]) -> Result<Templates, Vec<TemplateError>> {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Templates::load(Some(dir.path()))
    }

    #[test]
    fn our_own_templates_hold_for_every_sample() {
        if let Err(problems) = Templates::load(None) {
            panic!("{problems:#?}");
        }
    }

    #[test]
    fn a_file_in_the_operators_folder_stands_in_place_of_ours() {
        let templates = load_with(&[
            ("confirm/subject.txt", "Yes or no, {{ site_title }}?"),
            ("parts/house.html", "only ours"),
            ("pages/style.css", "body { color: teal }"),
        ])
        .unwrap();

        let mail = templates.render_mail(&Confirmation::samples()[0]).unwrap();

        assert_eq!(mail.subject, "Yes or no, The Meridian Review?");
        assert_eq!(templates.stylesheet(), "body { color: teal }");
    }

    #[test]
    fn everything_wrong_is_said_at_once_with_file_line_and_remedy() {
        let problems = load_with(&[
            ("confirm/subject.txt", "\n{{ site_titel }}"),
            ("digest/byline.html", "one\ntwo {{ story.autor }}"),
            ("digest/boddy.html", "what?"),
            (
                "pages/error.html",
                "{% for x in range(100000) %}{% for y in range(100000) %}.{% endfor %}{% endfor %}",
            ),
        ])
        .unwrap_err();

        let find = |end: &str| {
            problems
                .iter()
                .find(|p| p.file.ends_with(end))
                .unwrap_or_else(|| panic!("{problems:#?}"))
        };
        assert_eq!(find("confirm/subject.txt").line, Some(2));
        assert_eq!(find("digest/byline.html").line, Some(2));
        assert!(find("digest/byline.html").file.starts_with('/'), "the operator's own file");
        assert!(find("digest/boddy.html").remedy.contains("`digest/body.html`"));
        assert!(find("pages/error.html").remedy.contains("loops"));
        assert!(problems.iter().all(|problem| !problem.remedy.is_empty()));
    }

    #[test]
    fn a_syntax_error_is_found_before_anything_is_rendered() {
        let problems = load_with(&[("digest/body.html", "a\n{% if %}")]).unwrap_err();

        assert_eq!((problems.len(), problems[0].line), (1, Some(2)));
        assert!(problems[0].to_string().contains("line 2"), "{}", problems[0]);
    }

    #[test]
    fn a_digest_that_nobody_can_leave_is_refused() {
        let problems = load_with(&[("digest/body.txt", "{{ archive_url }}")]).unwrap_err();

        let words = problems.iter().map(ToString::to_string).collect::<String>();
        assert!(words.contains("/unsubscribe/"), "{words}");
    }

    #[test]
    fn a_frame_that_leaves_no_room_for_pieces_is_refused() {
        let body = format!(
            "<html><body>{}<a href=\"{{{{ unsubscribe_url }}}}\">x</a>\
             <a href=\"{{{{ archive_url }}}}\">y</a></body></html>",
            "<p>Advertisement</p>".repeat(4000)
        );

        let problems = load_with(&[("digest/body.html", &body)]).unwrap_err();

        assert!(problems.iter().any(|p| p.message.contains("bytes of HTML")), "{problems:#?}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let problems = Templates::load(Some(Path::new("/nowhere/templates"))).unwrap_err();

        assert_eq!(problems[0].file, "/nowhere/templates");
    }

    #[test]
    fn pages_have_no_script_no_inline_style_and_escape_what_they_show() {
        let templates = Templates::load(None).unwrap();
        let ugly = pages::ArticlePage::samples().remove(1);
        let inbox = pages::Inbox::samples().remove(0);

        let article = templates.render_page(&ugly).unwrap();
        let inbox = templates.render_page(&inbox).unwrap();

        for page in [&article, &inbox] {
            assert!(
                !page.contains("<script") && !page.contains("style=") && !page.contains("<style")
            );
        }
        assert!(inbox.contains("href=\"/inbox/1\"") && inbox.contains("&lt;b&gt;Please"));
    }
}
