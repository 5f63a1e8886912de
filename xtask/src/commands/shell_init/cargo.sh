# For bash and zsh: `cargo run -p 02-fork` runs the package lesson-02-fork, because
# Cargo refuses a package name that starts with a digit. To load it:
#     eval "$(cargo xtask shell-init @SHELL@)"
# A variable that shares its name with an exported one would change it for Cargo; hence
# the prefix `lesson_`.
function cargo {
    local lesson_option lesson_name lesson_word lesson_previous lesson_words
    lesson_previous='' lesson_words=()
    while [ "$#" -gt 0 ] && [ "$1" != -- ]; do
        lesson_word="$1"
        lesson_option="${1%%[0-9]*}"
        lesson_name="${1#"$lesson_option"}"
        case "${lesson_option:-$lesson_previous}" in
        -p | -p= | --package | --package= | --exclude | --exclude= | -i | -i= | --invert | --invert=)
            case "${lesson_name%%@*}" in @LESSONS@)
                lesson_word="${lesson_option}lesson-$lesson_name" ;;
            esac ;;
        esac
        lesson_words+=("$lesson_word")
        lesson_previous="$1"
        shift
    done
    command cargo "${lesson_words[@]}" "$@"
}
