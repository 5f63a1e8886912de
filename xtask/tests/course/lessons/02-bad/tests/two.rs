#[test]
fn good() {}

#[test]
fn bad() {
    assert_eq!(1 + 1, 3, "what the test says");
}
