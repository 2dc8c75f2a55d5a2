//! The port between nodes: hints and signals, none of which has to arrive.

use crate::Signal;

/// What hears signals. It returns at once, on whichever thread it is called.
pub type Listener = Box<dyn Fn(&Signal) + Send + Sync>;

/// Carries signals between the nodes of a group. Nothing that must not be lost goes this way: the log alone
/// tells what has happened, and every node reads on in it by itself.
pub trait EventBus: Send + Sync {
    /// Tells every listener of every node, those of this one too. It never blocks and never fails; a signal
    /// that can't be carried is lost.
    fn publish(&self, signal: Signal);

    /// From now on `listener` hears every signal.
    fn listen(&self, listener: Listener);
}
