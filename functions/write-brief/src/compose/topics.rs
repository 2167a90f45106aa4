//! Topics, brands and other things that have names.

use videoflow_shared::brief::draft::{self, Draft};
use videoflow_shared::brief::{Brand, BrandKind, Entity, EntityType, Taxonomy, Topic};

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

/// Logos that Data Automation saw, and brands that are spoken of.
pub(super) fn brands(
    draft: &Draft,
    material: &Material<'_>,
    citations: &Citations<'_>,
) -> Vec<Brand> {
    let logos = material
        .meaning
        .iter()
        .flat_map(|source| &source.document.logos);
    let seen = logos.map(|logo| Brand {
        name: logo.name.clone(),
        kind: BrandKind::Logo,
        instances: logo.instances.clone(),
    });
    let spoken = draft.entities.iter().filter(|one| is_brand(one));
    let spoken = spoken.map(|one| Brand {
        name: one.name.clone(),
        kind: BrandKind::Spoken,
        instances: citations.ranges(&one.evidence),
    });
    seen.chain(spoken).collect()
}

/// Other things that are spoken of by their names.
pub(super) fn entities(draft: &Draft, citations: &Citations<'_>) -> Vec<Entity> {
    let named = draft.entities.iter().filter(|one| !is_brand(one));
    let entity = |one: &draft::Entity| Entity {
        text: one.name.clone(),
        r#type: one.r#type,
        instances: citations.ranges(&one.evidence),
    };
    named.map(entity).collect()
}

fn is_brand(entity: &draft::Entity) -> bool {
    entity.r#type == EntityType::Brand
}
