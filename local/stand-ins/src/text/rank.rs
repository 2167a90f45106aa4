//! LexRank (Erkan and Radev 2004): a sentence is central when it is similar to central sentences.

use std::collections::BTreeMap;

use super::content_words;

/// Sentences that are compared with each other, a matter of a second; of more, evenly spread ones.
pub const SENTENCES_MAX: usize = 1000;
const DAMPING: f64 = 0.85;
/// The ranking settles within a few dozen rounds.
const ROUNDS: usize = 50;

type Vector = BTreeMap<usize, f64>;

/// How central each sentence is, 0 to 1 with the most central at 1. Sentences beyond [`SENTENCES_MAX`] that are left
/// out of the comparison get 0.
#[expect(clippy::cast_precision_loss, reason = "counts of sentences and words")]
pub fn centrality(sentences: &[&str]) -> Vec<f64> {
    let step = sentences.len().div_ceil(SENTENCES_MAX).max(1);
    let compared: Vec<&str> = sentences.iter().step_by(step).copied().collect();
    let vectors = vectors(&compared);
    let count = compared.len().max(1) as f64;
    let similarities = similarities(&vectors);
    let mut scores = vec![1.0 / count; compared.len()];
    for _ in 0..ROUNDS {
        let mut next = vec![(1.0 - DAMPING) / count; compared.len()];
        for (from, row) in similarities.iter().enumerate() {
            let total: f64 = row.iter().map(|(_, similarity)| similarity).sum();
            let share = scores.get(from).copied().unwrap_or_default() * DAMPING;
            for (to, similarity) in row {
                if let Some(score) = next.get_mut(*to) {
                    *score += share * similarity / total;
                }
            }
        }
        scores = next;
    }
    let best = scores.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let mut spread = vec![0.0; sentences.len()];
    spread
        .iter_mut()
        .step_by(step)
        .zip(&scores)
        .for_each(|(to, score)| *to = score / best);
    spread
}

/// Content words weighed by how rare they are, to length 1.
#[expect(clippy::cast_precision_loss, reason = "counts of sentences and words")]
fn vectors(sentences: &[&str]) -> Vec<Vector> {
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    let mut vectors: Vec<Vector> = Vec::with_capacity(sentences.len());
    for sentence in sentences {
        let mut vector = Vector::new();
        for word in content_words(sentence) {
            let next = ids.len();
            *vector.entry(*ids.entry(word).or_insert(next)).or_default() += 1.0;
        }
        vectors.push(vector);
    }
    let mut occurrences: BTreeMap<usize, f64> = BTreeMap::new();
    for id in vectors.iter().flat_map(BTreeMap::keys) {
        *occurrences.entry(*id).or_default() += 1.0;
    }
    for vector in &mut vectors {
        for (id, weight) in vector.iter_mut() {
            let seen = occurrences.get(id).copied().unwrap_or(1.0);
            *weight *= 1.0 + (sentences.len() as f64 / seen).ln();
        }
        let length = vector
            .values()
            .map(|weight| weight * weight)
            .sum::<f64>()
            .sqrt();
        for weight in vector.values_mut() {
            *weight /= length.max(f64::MIN_POSITIVE);
        }
    }
    vectors
}

/// For each sentence the others that share a word with it, and the cosine.
fn similarities(vectors: &[Vector]) -> Vec<Vec<(usize, f64)>> {
    let mut sentences_with: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
    for (sentence, vector) in vectors.iter().enumerate() {
        for (id, weight) in vector {
            sentences_with
                .entry(*id)
                .or_default()
                .push((sentence, *weight));
        }
    }
    let row = |(own, vector): (usize, &Vector)| {
        let mut row: BTreeMap<usize, f64> = BTreeMap::new();
        for (id, weight) in vector {
            let others = sentences_with.get(id).into_iter().flatten();
            for (sentence, other) in others.filter(|(sentence, _)| *sentence != own) {
                *row.entry(*sentence).or_default() += weight * other;
            }
        }
        row.into_iter().collect()
    };
    vectors.iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_repeat_is_central() {
        let sentences = [
            "The cat drinks coffee.",
            "A cat sleeps.",
            "Coffee wakes the cat.",
            "Rockets fly.",
            "",
        ];
        let scores = centrality(&sentences);
        assert!(
            scores.iter().all(|score| (0.0..=1.0).contains(score)),
            "{scores:?}"
        );
        let best = scores.iter().position(|score| (score - 1.0).abs() < 1e-9);
        assert!(matches!(best, Some(0 | 2)), "{scores:?}");
        assert!(
            scores[3] < scores[1] && scores[4] <= scores[3],
            "{scores:?}"
        );
    }

    #[test]
    fn many_sentences_are_sampled() {
        let sentences = vec!["The same cat."; SENTENCES_MAX + 1];
        let scores = centrality(&sentences);
        assert_eq!(scores.len(), SENTENCES_MAX + 1);
        assert!(scores[0] > 0.0 && scores[1] == 0.0);
        assert!(centrality(&[]).is_empty());
    }
}
