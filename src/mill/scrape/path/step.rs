//! The steps of a path: what each block does in a reading, and how that is mended afterwards.
//!
//! A step knows the state before it and the state behind it. What mends one takes care that its neighbours still fit.

use super::{BETWEEN, ENDED, HEADED, OUTSIDE, PLACES};
use crate::mill::scrape::layout::{Field, Layout};

/// What a block does in the reading. The order is that of preference when costs are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    In,
    Noise,
    Heading,
    Start,
}

/// One block of the chosen path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) act: Move,
    pub(super) from: u8,
    pub(super) to: u8,
}

impl Step {
    /// The place of the pattern that the block fills.
    pub(crate) fn place(self) -> Option<usize> {
        matches!(self.act, Move::In | Move::Start).then(|| usize::from(self.to).saturating_sub(PLACES))
    }

    /// The field of `layout` that the block fills.
    pub(crate) fn field(self, layout: &Layout) -> Option<Field> {
        layout.places.get(self.place()?).map(|place| place.field)
    }

    /// Makes the block at `at`, which begins an item, a heading above it; or nothing, where more stands between.
    pub(crate) fn behead(steps: &mut [Self], at: usize) {
        let Some((kicker, behind)) = steps.get_mut(at..).and_then(<[Self]>::split_first_mut) else { return };
        let Some(next) = behind.iter().position(|step| step.act != Move::Noise) else { return };
        let Some(title) = behind.get_mut(next).filter(|step| step.act == Move::In) else { return };
        let to = if usize::from(kicker.from) == OUTSIDE { HEADED } else { BETWEEN };
        title.act = Move::Start;
        if next == 0 {
            title.from = to as u8;
            *kicker = Self { act: Move::Heading, from: kicker.from, to: to as u8 };
        } else {
            title.from = kicker.from;
            *kicker = Self { act: Move::Noise, from: kicker.from, to: kicker.from };
        }
    }

    /// Lets the item that the block at `first` begins be begun by the one at `at`, in the place of that.
    pub(crate) fn begin_at(steps: &mut [Self], first: usize, at: usize) {
        let Some(begun) = steps.get(first).copied() else { return };
        for step in steps.iter_mut().take(at).skip(first) {
            *step = Self { act: Move::Noise, from: begun.from, to: begun.from };
        }
        if let Some(step) = steps.get_mut(at) {
            *step = Self { act: Move::Start, ..begun };
        }
    }

    /// Leaves the block at `at` out of its item, if it is in one.
    pub(crate) fn leave_out(steps: &mut [Self], at: usize) {
        if let Some(step) = steps.get_mut(at).filter(|step| step.place().is_some()) {
            *step = Self { act: Move::Noise, from: step.to, to: step.to };
        }
    }

    /// Turns the block at `at` and the one behind it round: the first fills the place of the second, which fills
    /// `place`.
    pub(crate) fn turn(steps: &mut [Self], at: usize, place: usize) {
        if let Some([first, second]) = steps.get_mut(at..at + 2) {
            first.to = second.to;
            (second.from, second.to) = (second.to, (PLACES + place) as u8);
        }
    }

    /// Makes the heading at `at` the begin of the item that the block behind it begins: they fill these two places.
    pub(crate) fn begin_above(steps: &mut [Self], at: usize, place: usize, next: usize) {
        if let Some([above, first]) = steps.get_mut(at..at + 2) {
            let to = (PLACES + place) as u8;
            *above = Self { act: Move::Start, from: above.from, to };
            *first = Self { act: Move::In, from: to, to: (PLACES + next) as u8 };
        }
    }

    /// Lets the three blocks from `at` on, of which the first is in an item, fill these places of it.
    pub(crate) fn shift(steps: &mut [Self], at: usize, places: [usize; 3]) {
        let mut from = None;
        for (step, place) in steps.iter_mut().skip(at).zip(places) {
            let to = (PLACES + place) as u8;
            let act = if from.is_some() { Move::In } else { step.act };
            *step = Self { act, from: from.unwrap_or(step.from), to };
            from = Some(to);
        }
    }

    /// Lets the first of two blocks of an item fill its place, and the second that one.
    pub(crate) fn crown_first(steps: &mut [Self], (first, title): (usize, usize), (second, summary): (usize, usize)) {
        for (at, place) in [(first, title), (second, summary)] {
            if let Some(step) = steps.get_mut(at).filter(|step| step.place().is_some()) {
                step.to = (PLACES + place) as u8;
            }
        }
    }

    /// Makes the heading at `at` the title of the item that the block behind it begins, which fills `place`.
    pub(crate) fn crown(steps: &mut [Self], at: usize, place: usize) {
        if let Some([above, first]) = steps.get_mut(at..at + 2)
            && above.act == Move::Heading
        {
            *above = Self { act: Move::Start, from: above.from, to: first.to };
            *first = Self { act: Move::In, from: first.to, to: (PLACES + place) as u8 };
        }
    }

    /// The foot of the page begins here.
    pub(super) fn begins_foot(self) -> bool {
        usize::from(self.to) == ENDED && usize::from(self.from) != ENDED
    }

    /// Nothing but a heading, and perhaps noise, stands between the last item and this block.
    pub(crate) fn under_heading(self) -> bool {
        matches!(usize::from(self.from), HEADED | BETWEEN)
    }
}
