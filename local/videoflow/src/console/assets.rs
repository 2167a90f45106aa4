//! The page's files, all of them part of this program.

/// A file, by the name that the page asks for it.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Name.
    pub name: &'static str,
    /// Content type.
    pub content_type: &'static str,
    /// Content.
    pub text: &'static str,
}

macro_rules! asset {
    ($name:literal, $content_type:literal) => {
        Asset {
            name: $name,
            content_type: $content_type,
            text: include_str!(concat!("assets/", $name)),
        }
    };
}

/// The console's page.
pub const INDEX: &str = include_str!("assets/index.html");

/// Looks of console and report.
pub const STYLE: &str = include_str!("assets/style.css");

/// Modules that console and report share: each one after those that it imports.
pub const SHARED: [Asset; 9] = [
    asset!("dom.js", "text/javascript; charset=utf-8"),
    asset!("format.js", "text/javascript; charset=utf-8"),
    asset!("markdown.js", "text/javascript; charset=utf-8"),
    asset!("story.js", "text/javascript; charset=utf-8"),
    asset!("table.js", "text/javascript; charset=utf-8"),
    asset!("details.js", "text/javascript; charset=utf-8"),
    asset!("graph.js", "text/javascript; charset=utf-8"),
    asset!("gantt.js", "text/javascript; charset=utf-8"),
    asset!("job.js", "text/javascript; charset=utf-8"),
];

/// The console's own modules.
pub const CONSOLE: [Asset; 9] = [
    asset!("api.js", "text/javascript; charset=utf-8"),
    asset!("costs.js", "text/javascript; charset=utf-8"),
    asset!("failures.js", "text/javascript; charset=utf-8"),
    asset!("jobs.js", "text/javascript; charset=utf-8"),
    asset!("line.js", "text/javascript; charset=utf-8"),
    asset!("main.js", "text/javascript; charset=utf-8"),
    asset!("queues.js", "text/javascript; charset=utf-8"),
    asset!("results.js", "text/javascript; charset=utf-8"),
    asset!("upload.js", "text/javascript; charset=utf-8"),
];

/// What the report runs after them.
pub const REPORT: &str = include_str!("assets/report.js");
