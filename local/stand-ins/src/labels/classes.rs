//! ImageNet's classes under names as Rekognition's, and the more general labels above them.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

/// Directory of the names below that of all models.
pub const NAMES: &str = "imagenet-classes";
/// Classes of ImageNet's challenge of 2012.
pub const COUNT: usize = 1000;

/// What a label is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// `Egyptian Cat`.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// More general labels, nearest first.
    pub parents: Vec<&'static str>,
    /// Rekognition's category.
    pub category: &'static str,
}

/// A label above classes: with its own parents, nearest first.
pub struct Group {
    /// Its name.
    pub name: &'static str,
    /// More general labels.
    pub parents: &'static [&'static str],
    /// Rekognition's category.
    pub category: &'static str,
    /// Classes below it: numbers and ranges.
    classes: &'static str,
}

impl Group {
    /// Classes below it.
    pub fn members(&self) -> impl Iterator<Item = usize> {
        let range = |text: &str| {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            first.parse().unwrap_or(COUNT)..=last.parse().unwrap_or(0)
        };
        self.classes.split_whitespace().flat_map(range)
    }
}

const fn group(
    name: &'static str,
    parents: &'static [&'static str],
    category: &'static str,
    classes: &'static str,
) -> Group {
    Group {
        name,
        parents,
        category,
        classes,
    }
}

const ANIMALS: &str = "Animals and Pets";
const VEHICLES: &str = "Vehicles and Automotive";
const FOOD: &str = "Food and Beverage";
const NATURE: &str = "Nature and Outdoors";
const OTHER: &str = "Everyday Objects";
const MAMMAL: &[&str] = &["Mammal", "Animal"];
const ANIMAL: &[&str] = &["Animal"];
const VEHICLE: &[&str] = &["Vehicle", "Transportation"];

/// Nearest first: a class takes its first group here and that group's parents. The classes are in the order of the
/// `WordNet` tree, so groups are ranges.
pub const GROUPS: &[Group] = &[
    group("Cat", &["Pet", "Mammal", "Animal"], ANIMALS, "281-285"),
    group("Dog", &["Pet", "Mammal", "Animal"], ANIMALS, "151-268"),
    group("Wolf", MAMMAL, ANIMALS, "269-272"),
    group("Fox", MAMMAL, ANIMALS, "277-280"),
    group("Big Cat", MAMMAL, ANIMALS, "286-293"),
    group("Bear", MAMMAL, ANIMALS, "294-297"),
    group("Rabbit", MAMMAL, ANIMALS, "330-332"),
    group("Monkey", MAMMAL, ANIMALS, "370-382"),
    group("Ape", MAMMAL, ANIMALS, "365-369"),
    group("Elephant", MAMMAL, ANIMALS, "101 385-386"),
    group("Bird", ANIMAL, ANIMALS, "7-24 80-100 127-146"),
    group("Fish", ANIMAL, ANIMALS, "0-6 389-397"),
    group("Insect", ANIMAL, ANIMALS, "300-326"),
    group("Spider", ANIMAL, ANIMALS, "72-77"),
    group("Reptile", ANIMAL, ANIMALS, "33-68"),
    group("Amphibian", ANIMAL, ANIMALS, "25-32"),
    group("Mammal", ANIMAL, ANIMALS, "101-106 147-299 330-388"),
    group("Animal", &[], ANIMALS, "0-397"),
    group("Coffee", &["Beverage"], FOOD, "967"),
    group("Beverage", &[], FOOD, "966-967 969"),
    group("Cup", &[], FOOD, "504 968"),
    group("Fruit", &["Food"], FOOD, "948-957"),
    group("Food", &[], FOOD, "924-965 987"),
    group(
        "Car",
        VEHICLE,
        VEHICLES,
        "436 468 511 609 627 656 661 751 817",
    ),
    group("Truck", VEHICLE, VEHICLES, "555 569 675 717 864 867"),
    group("Bus", VEHICLE, VEHICLES, "654 779 874"),
    group("Train", VEHICLE, VEHICLES, "466 547 705 820"),
    group("Aircraft", VEHICLE, VEHICLES, "404-405 417 895"),
    group(
        "Boat",
        VEHICLE,
        VEHICLES,
        "472 484 554 576 625 724 780 814 871 914",
    ),
    group("Ship", VEHICLE, VEHICLES, "403 510 628"),
    group("Spaceship", VEHICLE, VEHICLES, "812"),
    group(
        "Vehicle",
        &["Transportation"],
        VEHICLES,
        "407-408 444 575 670-671 734 847 866",
    ),
    group("Flower", &["Plant"], "Plants and Flowers", "985-986"),
    group("Mushroom", &["Plant"], "Plants and Flowers", "991-997"),
    group("Nature", &["Outdoors"], NATURE, "970 972-980"),
    group(
        "Musical Instrument",
        &[],
        "Hobbies and Interests",
        "401-402 420 432 486 513 541 546 558 566 579 593-594 642 683-684 687 699 776 822 875 881 \
         889",
    ),
    group(
        "Computer",
        &["Electronics"],
        "Technology and Computing",
        "527 590 620 681",
    ),
    group(
        "Electronics",
        &[],
        "Technology and Computing",
        "487 508 605 664 673 732 742 754 759 761 782 851",
    ),
    group(
        "Furniture",
        &[],
        "Furniture and Furnishings",
        "423 453 493 495 516 520 526 532 559 564 736 765 831 857 894",
    ),
    group(
        "Clothing",
        &[],
        "Apparel and Accessories",
        "399-400 411 445 451 457 459 474 515 568 578 608 610 614 617 638-639 652 655 689 697 735 \
         770 774-775 806 834 841-842 869 906",
    ),
    group("Person", &[], "Person Description", "981-983"),
];

/// Why the names cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// Its path.
        file: String,
        /// Cause.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{file}: {source}")]
    Malformed {
        /// Its path.
        file: String,
        /// Cause.
        source: serde_json::Error,
    },
    /// There are not 1000 names.
    #[error("{0} names of classes instead of {COUNT}")]
    Count(usize),
}

/// The names of all classes, by class. `directory` is that of the names.
///
/// # Errors
/// Every variant of [`Error`].
pub fn load(directory: &Path) -> Result<Vec<Name>, Error> {
    let curated: Vec<String> = read(&directory.join("names.json"))?;
    let synonyms: HashMap<usize, String> = read(&directory.join("synonyms.json"))?;
    let both = curated
        .iter()
        .enumerate()
        .filter_map(|(class, name)| Some((class, name, synonyms.get(&class)?)));
    let names: Vec<Name> = both
        .map(|(class, name, synonyms)| named(class, name, synonyms))
        .collect();
    if names.len() == COUNT {
        Ok(names)
    } else {
        Err(Error::Count(names.len()))
    }
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, Error> {
    let file = path.display().to_string();
    match std::fs::read(path) {
        Ok(data) => {
            serde_json::from_slice(&data).map_err(|source| Error::Malformed { file, source })
        }
        Err(source) => Err(Error::Unreadable { file, source }),
    }
}

/// ImageNet's own first name, unless the curated one is another of its names; the rest are aliases.
fn named(class: usize, curated: &str, synonyms: &str) -> Name {
    let curated = curated.split(" (").next().unwrap_or(curated);
    let mut all: Vec<String> = synonyms.split(", ").map(capitalized).collect();
    let curated = capitalized(curated);
    if let Some(place) = all
        .iter()
        .position(|name| name.eq_ignore_ascii_case(&curated))
    {
        all.remove(place);
        all.insert(0, curated);
    } else {
        all.push(curated);
    }
    let nearest = GROUPS
        .iter()
        .find(|group| group.members().any(|member| member == class));
    let parents = nearest
        .into_iter()
        .flat_map(|group| std::iter::once(group.name).chain(group.parents.iter().copied()));
    Name {
        name: all.remove(0),
        aliases: all,
        parents: parents.collect(),
        category: nearest.map_or(OTHER, |group| group.category),
    }
}

/// Every word with a capital.
fn capitalized(text: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters).collect()
        })
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        class: usize,
        curated: &str,
        synonyms: &str,
        name: &str,
        aliases: &[&str],
        parents: &[&str],
    ) {
        let made = named(class, curated, synonyms);
        assert_eq!((made.name.as_str(), &made.parents[..]), (name, parents));
        assert_eq!(made.aliases, aliases);
    }

    #[test]
    fn groups_have_classes() {
        let count = |name: &str| {
            GROUPS
                .iter()
                .find(|group| group.name == name)
                .map(|group| group.members().count())
        };
        assert_eq!(
            [count("Cat"), count("Bird"), count("Cup")],
            [Some(5), Some(59), Some(2)]
        );
        assert!(
            GROUPS
                .iter()
                .all(|group| group.members().count() > 0
                    && group.members().all(|class| class < COUNT))
        );
    }

    #[test]
    fn names_as_rekognition_does() {
        check(
            285,
            "Egyptian Mau",
            "Egyptian cat",
            "Egyptian Cat",
            &["Egyptian Mau"],
            &["Cat", "Pet", "Mammal", "Animal"],
        );
        check(
            967,
            "espresso",
            "espresso",
            "Espresso",
            &[],
            &["Coffee", "Beverage"],
        );
        check(
            468,
            "taxicab",
            "cab, hack, taxi, taxicab",
            "Taxicab",
            &["Cab", "Hack", "Taxi"],
            &["Car", "Vehicle", "Transportation"],
        );
        check(
            21,
            "kite (bird of prey)",
            "kite",
            "Kite",
            &[],
            &["Bird", "Animal"],
        );
        check(
            412,
            "trash can",
            "ashcan, trash can",
            "Trash Can",
            &["Ashcan"],
            &[],
        );
    }
}
