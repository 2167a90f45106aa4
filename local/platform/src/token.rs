//! Marks by which the repetition of an effect is known.
//!
//! A Task's call that was made, and whose answer is not in the journal because the platform was killed, is made again.
//! With the same token a service has the effect once and gives the same answer; it remembers the token in the same
//! transaction (or line of a file) as the effect, mostly by making it the id of what it made.

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// The mark of one effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The mark of the effect that these words name in all eternity.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// The mark of a part of the effect: one of several messages, one of several targets.
    #[must_use]
    pub fn part(&self, name: impl std::fmt::Display) -> Self {
        Self(format!("{} {name}", self.0))
    }

    /// A UUID, the same for the same token.
    pub fn id(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes
            .iter_mut()
            .zip(Sha256::digest(&self.0))
            .for_each(|(to, from)| *to = from);
        Builder::from_random_bytes(bytes).into_uuid()
    }

    /// The id of a token; without one an id like no other.
    pub(crate) fn id_or_new(token: Option<&Self>) -> Uuid {
        token.map_or_else(Uuid::new_v4, Self::id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_are_the_same_id_and_no_others() {
        let token = Token::new("a");
        assert_eq!(token.id(), Token::new("a").id());
        assert_eq!(token.part(1).id(), token.part("1").id());
        assert_ne!(token.id(), token.part(1).id());
        assert_ne!(Token::id_or_new(None), Token::id_or_new(None));
    }
}
