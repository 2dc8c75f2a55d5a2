//! Growth as a picture.
