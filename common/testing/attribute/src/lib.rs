//! The attribute `#[test]` of tests that run demos. An attribute has to be a package of its own;
//! what it does is in `testing::not_here`.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Rust's own `#[test]`, for a test that is passed over where the system refuses a call that it
/// needs:
///
/// ```ignore
/// use testing::test;
///
/// #[test]
/// fn it_works() { … }
/// ```
///
/// becomes
///
/// ```ignore
/// #[core::prelude::v1::test]
/// fn it_works() {
///     testing::not_here::or_pass_over(|| { … })
/// }
/// ```
#[proc_macro_attribute]
pub fn test(_: TokenStream, function: TokenStream) -> TokenStream {
    let mut function: Vec<TokenTree> = function.into_iter().collect();
    let body = function.pop().expect("a function has a body");
    let mut call: TokenStream = "::testing::not_here::or_pass_over".parse().expect("a path");
    let mut argument: TokenStream = "||".parse().expect("a closure");
    argument.extend([body]);
    call.extend([TokenTree::from(Group::new(Delimiter::Parenthesis, argument))]);
    let mut test: TokenStream = "#[::core::prelude::v1::test]".parse().expect("an attribute");
    test.extend(function);
    test.extend([TokenTree::from(Group::new(Delimiter::Brace, call))]);
    test
}
