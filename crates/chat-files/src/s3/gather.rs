//! Bytes that make no part yet.

use bytes::Bytes;
use object_store::PutPayload;

/// How many bytes lie together: what comes in small chunks is not held in as many allocations, and what
/// is long is not moved to grow.
const BLOCK: usize = 256 * 1024;

/// Bytes in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    full: Vec<Bytes>,
    last: Vec<u8>,
    len: usize,
}

impl Gathered {
    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Puts these after the others.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        self.len += bytes.len();
        while !bytes.is_empty() {
            if self.last.len() == BLOCK {
                self.full.push(std::mem::take(&mut self.last).into());
            }
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.last.len()));
            self.last
                .reserve_exact(now.len().max(self.last.len()).min(BLOCK - self.last.len()));
            self.last.extend_from_slice(now);
            bytes = later;
        }
    }

    /// All of them, to be sent while they stay here.
    pub(super) fn payload(&mut self) -> PutPayload {
        if !self.last.is_empty() {
            self.full.push(std::mem::take(&mut self.last).into());
        }
        self.full.iter().cloned().collect()
    }

    /// All of them, to be sent.
    pub(super) fn take(&mut self) -> PutPayload {
        let payload = self.payload();
        *self = Self::default();
        payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(payload: &PutPayload) -> Vec<u8> {
        payload.iter().flatten().copied().collect()
    }

    #[test]
    fn they_stay_in_order_in_few_blocks() {
        let bytes: Vec<u8> = (0..3 * BLOCK + 5).map(|n| (n % 251) as u8).collect();
        for chunk in [7_001, BLOCK - 1, BLOCK, BLOCK + 1, bytes.len()] {
            let mut gathered = Gathered::default();
            bytes.chunks(chunk).for_each(|chunk| gathered.push(chunk));
            assert_eq!(gathered.len(), bytes.len());
            let payload = gathered.payload();
            assert_eq!(payload.iter().count(), 4);
            assert!(all(&payload) == bytes);
            gathered.push(&[1, 2, 3]);
            assert_eq!(gathered.len(), bytes.len() + 3);
            let payload = all(&gathered.take());
            assert!(payload[..bytes.len()] == bytes && payload[bytes.len()..] == [1, 2, 3]);
            assert_eq!((gathered.len(), all(&gathered.take()).len()), (0, 0));
        }
    }
}
