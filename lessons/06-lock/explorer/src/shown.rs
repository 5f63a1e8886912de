//! Values in the reports, of types that need not be `Debug`, nor `'static`.

use std::any::TypeId;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::mem;
use std::ptr;

/// A value as text if it is of a simple type: a number, a `bool`, a `char`, a `String`, or an
/// `Option`, `Vec` or `VecDeque` of numbers or of `bool`.
pub(crate) fn shown<T: ?Sized>(value: &T) -> Option<String> {
    macro_rules! try_all {
        ($($simple:ty)*) => { $(
            if let Some(value) = cast::<T, $simple>(value) {
                return Some(format!("{value:?}"));
            }
        )* };
    }
    macro_rules! with_containers {
        ($($simple:ty)*) => {
            try_all!($($simple Option<$simple> Vec<$simple> VecDeque<$simple>)*)
        };
    }
    with_containers!(i32 i64 u32 u64 usize bool isize u8 u16 i8 i16 i128 u128);
    try_all!(char String f32 f64);
    None
}

/// The value, if it is of this type.
fn cast<T: ?Sized, Simple: Debug + 'static>(value: &T) -> Option<&Simple> {
    if type_id::<T>() != TypeId::of::<Simple>() {
        return None;
    }
    let value: *const Simple = ptr::from_ref(value).cast();
    // SAFETY: `T` is `Simple`: their ids are equal, and a type without lifetimes shares its id
    // with no other. The value is borrowed as long as the result.
    Some(unsafe { &*value })
}

/// The id of a type, without its lifetimes.
fn type_id<T: ?Sized>() -> TypeId {
    trait HasId {
        fn id(&self) -> TypeId
        where
            Self: 'static;
    }

    impl<T: ?Sized> HasId for PhantomData<T> {
        fn id(&self) -> TypeId
        where
            Self: 'static,
        {
            TypeId::of::<T>()
        }
    }

    let phantom = PhantomData::<T>;
    let phantom: &dyn HasId = &phantom;
    // SAFETY: only a lifetime changes, and `id` does not use what is borrowed.
    let phantom: &(dyn HasId + 'static) = unsafe { mem::transmute(phantom) };
    phantom.id()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_values_are_shown() {
        assert_eq!(shown(&3_i64).as_deref(), Some("3"));
        assert_eq!(shown(&true).as_deref(), Some("true"));
        assert_eq!(shown(&Some(1_u32)).as_deref(), Some("Some(1)"));
        assert_eq!(shown(&vec![1, 2]).as_deref(), Some("[1, 2]"));
        assert_eq!(shown(&"text".to_owned()).as_deref(), Some("\"text\""));
    }

    #[test]
    fn others_are_not() {
        struct Own<'a>(#[expect(dead_code, reason = "it has a lifetime")] &'a str);
        let text = String::from("text");
        assert_eq!(shown(&Own(&text)), None);
        assert_eq!(shown(&text[..]), None);
        assert_eq!(shown(&()), None);
        assert_eq!(shown(&[1, 2][..]), None);
    }
}
