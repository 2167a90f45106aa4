//! Topics and brands of the brief.

use videoflow_shared::brief::draft::Draft;
use videoflow_shared::brief::{Brand, BrandKind, Taxonomy, Topic};

use super::Material;
use super::citation::Citations;

/// The draft's topics, then those that Data Automation gave; each name once.
pub(super) fn topics(
    draft: &Draft,
    material: &Material<'_>,
    citations: &Citations<'_>,
) -> Vec<Topic> {
    let own = draft.topics.iter().map(|drafted| {
        let instances = citations.ranges(&drafted.evidence);
        let confidence = instances
            .iter()
            .map(|one| one.confidence)
            .fold(0.0, f64::max);
        let (name, path) = (drafted.name.clone(), vec![drafted.name.clone()]);
        Topic {
            name,
            taxonomy: Taxonomy::Free,
            path,
            confidence,
            instances,
        }
    });
    let given = material
        .meaning
        .iter()
        .flat_map(|source| &source.document.topics)
        .map(|topic| Topic {
            name: topic.name.clone(),
            taxonomy: Taxonomy::Iab,
            path: topic.path.clone(),
            confidence: topic.confidence,
            instances: topic.instances.clone(),
        });
    let mut topics: Vec<Topic> = Vec::new();
    for topic in own.chain(given) {
        if !topics
            .iter()
            .any(|known| known.name.eq_ignore_ascii_case(&topic.name))
        {
            topics.push(topic);
        }
    }
    topics
}

/// Logos that Data Automation saw.
pub(super) fn brands(material: &Material<'_>) -> Vec<Brand> {
    let logos = material
        .meaning
        .iter()
        .flat_map(|source| &source.document.logos);
    let brand = |logo: &videoflow_shared::meaning::Logo| Brand {
        name: logo.name.clone(),
        kind: BrandKind::Logo,
        instances: logo.instances.clone(),
    };
    logos.map(brand).collect()
}
