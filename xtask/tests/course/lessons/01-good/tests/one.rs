#[test]
fn one_and_one() {
    assert_eq!(1 + 1, 2);
}

#[test]
#[ignore = "too slow"]
fn slow() {}
