//! When each token was said, from where the decoder looked in the sound while it wrote the token: the attention of a
//! few heads that follow the sound, smoothed, and the cheapest monotonic path through it (dynamic time warping).

use candle_core::{Result, Tensor};

use super::model::Whisper;
use super::vocabulary::Vocabulary;

/// Attention positions of the encoder are 20 ms apart.
const POSITION_MS: u64 = 20;
/// Width of the median filter over time, as in the original.
const MEDIAN: usize = 7;

/// Start of each token and, last, the end of the last one, in milliseconds from the start of the window; `None` when
/// the model gives nothing to go by.
///
/// # Errors
/// Those of the tensor library.
pub fn token_times(
    model: &Whisper,
    vocabulary: &Vocabulary,
    heard: &Tensor,
    tokens: &[u32],
    window_ms: u64,
) -> Result<Option<Vec<u64>>> {
    let positions = usize::try_from(window_ms / POSITION_MS)
        .unwrap_or(usize::MAX)
        .min(heard.dim(0)?);
    if tokens.is_empty() || positions == 0 {
        return Ok(None);
    }
    let mut decoding = model.decode(heard)?;
    let prompt = [vocabulary.start, vocabulary.no_timestamps];
    decoding.step(&[prompt.as_slice(), tokens].concat())?;
    let mut sum: Option<Vec<Vec<f32>>> = None;
    for (layer, head) in &vocabulary.alignment_heads {
        let Some(attention) = decoding.attention.get(*layer) else {
            return Ok(None);
        };
        // The row of a token is where the decoder looked while it wrote the next one.
        let rows = attention
            .get(*head)?
            .narrow(0, 1, tokens.len() + 1)?
            .narrow(1, 0, positions)?;
        let focus = smoothed(&standardized(&rows)?.to_vec2()?);
        sum = Some(match sum {
            None => focus,
            Some(sum) => sum
                .into_iter()
                .zip(focus)
                .map(|(a, b)| add(&a, &b))
                .collect(),
        });
    }
    let Some(focus) = sum else { return Ok(None) };
    Ok(Some(
        first_positions(&focus)
            .into_iter()
            .map(|position| position as u64 * POSITION_MS)
            .collect(),
    ))
}

/// Shares of each row, then each column to mean 0 and deviation 1, so that places that every token looks at count for
/// nothing.
fn standardized(rows: &Tensor) -> Result<Tensor> {
    let shares = rows.broadcast_div(&rows.sum_keepdim(1)?)?;
    let centred = shares.broadcast_sub(&shares.mean_keepdim(0)?)?;
    let deviation = (centred.sqr()?.mean_keepdim(0)?.sqrt()? + 1e-9)?;
    centred.broadcast_div(&deviation)
}

fn add(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// Median of each value and its neighbours in time; at the ends of those that there are.
fn smoothed(rows: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let median = |row: &[f32], place: usize| {
        let from = place.saturating_sub(MEDIAN / 2);
        let mut near: Vec<f32> = row
            .iter()
            .skip(from)
            .take(place + MEDIAN / 2 + 1 - from)
            .copied()
            .collect();
        near.sort_unstable_by(f32::total_cmp);
        near.get(near.len() / 2).copied().unwrap_or_default()
    };
    rows.iter()
        .map(|row| (0..row.len()).map(|place| median(row, place)).collect())
        .collect()
}

/// Where the path with the most focus enters each row: from the first cell to the last, one row down, one position on
/// or both at a time.
fn first_positions(focus: &[Vec<f32>]) -> Vec<usize> {
    let width = focus.first().map_or(0, Vec::len);
    let mut steps: Vec<Vec<Step>> = Vec::with_capacity(focus.len());
    let mut above: Vec<f32> = vec![f32::INFINITY; width];
    for (row, values) in focus.iter().enumerate() {
        let mut costs: Vec<f32> = Vec::with_capacity(width);
        let mut taken = Vec::with_capacity(width);
        let mut diagonal = if row == 0 { 0.0 } else { f32::INFINITY };
        for (value, down) in values.iter().zip(&above) {
            let along = costs.last().copied().unwrap_or(f32::INFINITY);
            let (cost, step) = cheapest(diagonal, *down, along);
            costs.push(cost - value);
            taken.push(step);
            diagonal = *down;
        }
        above = costs;
        steps.push(taken);
    }
    trace(&steps, width)
}

#[derive(Clone, Copy, PartialEq)]
enum Step {
    Diagonal,
    Down,
    Along,
}

fn cheapest(diagonal: f32, down: f32, along: f32) -> (f32, Step) {
    if diagonal <= down && diagonal <= along {
        (diagonal, Step::Diagonal)
    } else if down < along {
        (down, Step::Down)
    } else {
        (along, Step::Along)
    }
}

fn trace(steps: &[Vec<Step>], width: usize) -> Vec<usize> {
    let mut firsts = vec![0; steps.len()];
    let (mut row, mut position) = (steps.len().saturating_sub(1), width.saturating_sub(1));
    // Each turn goes a row up or a position back.
    for _ in 0..steps.len() + width {
        if let Some(first) = firsts.get_mut(row) {
            *first = position;
        }
        let step = steps
            .get(row)
            .and_then(|row| row.get(position))
            .copied()
            .unwrap_or(Step::Diagonal);
        let (up, back) = (step != Step::Along, step != Step::Down);
        if (up && row == 0) || (back && position == 0) {
            break;
        }
        row -= usize::from(up);
        position -= usize::from(back);
    }
    firsts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_follows_the_focus() {
        let focus = [
            vec![9.0, 9.0, 0.0, 0.0, 0.0, 0.0],
            vec![0.0, 0.0, 9.0, 0.0, 0.0, 0.0],
            vec![0.0, 0.0, 0.0, 9.0, 9.0, 9.0],
        ];
        assert_eq!(first_positions(&focus), [0, 2, 3]);
        assert_eq!(first_positions(&[]), Vec::<usize>::new());
    }

    #[test]
    fn median_removes_a_spike() {
        let row = vec![0.0, 0.0, 0.0, 5.0, 0.0, 1.0, 1.0, 1.0, 1.0];
        assert_eq!(
            smoothed(&[row])[0],
            [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]
        );
    }
}
