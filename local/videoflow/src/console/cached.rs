//! An answer that is kept for a while: however many ask, what is behind it is asked once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// One answer.
#[derive(Debug)]
pub struct Cached<T>(Mutex<Option<(Instant, Arc<T>)>>);

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Cached<T> {
    /// The answer, if it is not older than `age`, else a new one. Who comes meanwhile waits for it.
    ///
    /// # Errors
    /// Those of `ask`.
    pub async fn get<E>(
        &self,
        age: Duration,
        ask: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let mut kept = self.0.lock().await;
        if let Some((_, answer)) = kept.as_ref().filter(|(when, _)| when.elapsed() < age) {
            return Ok(Arc::clone(answer));
        }
        let answer = Arc::new(ask().await?);
        *kept = Some((Instant::now(), Arc::clone(&answer)));
        Ok(answer)
    }

    /// Forgets the answer, because what is behind it was changed.
    pub async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn asks_again_when_the_answer_is_old() {
        let cached = Cached::<u32>::default();
        let ask = async |age, answer: u32| {
            let found = cached.get(age, async || Ok::<_, ()>(answer)).await;
            found.map(|found| *found)
        };
        assert_eq!(ask(Duration::MAX, 1).await, Ok(1));
        assert_eq!(ask(Duration::MAX, 2).await, Ok(1));
        assert_eq!(ask(Duration::ZERO, 3).await, Ok(3));
        let failed = cached
            .get(Duration::ZERO, async || Err::<u32, _>("no"))
            .await;
        assert_eq!(failed.err(), Some("no"));
        assert_eq!(ask(Duration::MAX, 5).await, Ok(3));
    }
}
