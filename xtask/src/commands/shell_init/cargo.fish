# For fish: `cargo run -p 02-fork` runs the package lesson-02-fork, because
# Cargo refuses a package name that starts with a digit. To load it:
#     cargo xtask shell-init fish | source
# A variable that shares its name with an exported one would change it for Cargo; hence
# the prefix `lesson_`.
function cargo --description 'cargo, where -p takes 02-fork for lesson-02-fork'
    set --local lesson_previous
    set --local lesson_words
    while set --query argv[1]; and test "$argv[1]" != --
        set --append lesson_words "$argv[1]"
        if string match --quiet --regex -- '^(-p|--package|--exclude|-i|--invert)=?(@LESSONS@)(@.*)?\z' "$lesson_previous$argv[1]"
            set lesson_words[-1] (string replace --regex -- '[0-9]' 'lesson-$0' "$argv[1]")
        end
        set lesson_previous (string match --regex -- '^(?:-p|--package|--exclude|-i|--invert)\z' "$argv[1]")
        set --erase argv[1]
    end
    command cargo $lesson_words $argv
end
