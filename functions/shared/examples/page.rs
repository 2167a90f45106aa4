//! Writes the page of the sample brief, to look at it: `cargo run -p videoflow-shared --example page -- FILE`.

use std::error::Error;

use videoflow_shared::brief::page::{Page, html};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name the file to write")?;
    let brief = serde_json::from_str(include_str!("../samples/brief.json"))?;
    let transcript = serde_json::from_str(include_str!("../samples/transcript.json"))?;
    std::fs::write(
        path,
        html(&Page {
            brief: &brief,
            transcript: Some(&transcript),
            pictures: &[],
            stills: None,
        }),
    )?;
    Ok(())
}
