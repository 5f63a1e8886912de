# For fish: `cargo run -p 02-fork` runs the package lesson-02-fork, as Cargo takes no
# package name that starts with a digit. To load it, in the course's directory:
#     cargo xtask shell-init fish | source
#
# It changes the value of -p and --package where that is a lesson, and no other word.
# The variables have names of their own: one of the same name may be exported, and
# Cargo would not see it.
function cargo --description 'cargo, where -p takes 02-fork for lesson-02-fork'
    set --local lesson_command ''
    set --local lesson_option ''
    set --local lesson_words

    while set --query argv[1]
        set --local lesson_name ''
        switch "$argv[1]"
            case --
                break
            case '-*'
                set lesson_option "$argv[1]"
                set lesson_name (string replace --filter --regex -- '^(--package=|-[qrv]{0,2}p=?)(?=[0-9])' '' "$argv[1]")
            case '*'
                if string match --quiet --regex -- '^(--package|-[qrv]{0,2}p)\z' "$lesson_option"
                    set lesson_name "$argv[1]"
                else if not string match --quiet --regex -- '^(--(bin|example|features|profile|jobs|target|target-dir|manifest-path|message-format|color|config)|-C|-[qrv]?[FZj])\z' "$lesson_option"
                    # Neither an option nor the value of one.
                    switch "$lesson_command"
                        case ''
                            set lesson_command "$argv[1]"
                        case r run
                            # From here on, the words are those of the program.
                            break
                    end
                    switch "$lesson_command"
                        case '+*'
                            set lesson_command ''
                        case add b bench build c check clean clippy d doc fix fmt nextest
                        case package pkgid publish r remove rm run rustc rustdoc t test
                        case tree update
                        case '*'
                            # To another command, -p may mean something else.
                            break
                    end
                end
                set lesson_option ''
        end

        if contains -- "$lesson_name" @LESSONS@
            # Other workspaces are none of our business.
            for lesson_top in . .. ../.. ../../.. ../../../.. ../../../../..
                if test -e $lesson_top/lessons/$lesson_name/Cargo.toml
                    set argv[1] (string replace -- $lesson_name lesson-$lesson_name "$argv[1]")
                    break
                end
            end
        end
        set --append lesson_words "$argv[1]"
        set --erase argv[1]
    end
    command cargo $lesson_words $argv
end
