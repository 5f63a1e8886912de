# For bash and zsh: `cargo run -p 02-fork` runs the package lesson-02-fork, as Cargo
# takes no package name that starts with a digit. To load it, in the course's directory:
#     eval "$(cargo xtask shell-init @SHELL@)"
#
# It changes the value of -p and --package where that is a lesson, and no other word.
# The variables have names of their own: one of the same name may be exported, and
# Cargo would see it changed.
function cargo {
    local lesson_command lesson_option lesson_before lesson_name lesson_word lesson_top
    local -a lesson_words
    lesson_command=''
    lesson_option=''
    lesson_words=()

    while [ "$#" -gt 0 ]; do
        lesson_before=''
        lesson_name=''
        case "$1" in
            --) break ;;
            -*)
                lesson_option="$1"
                lesson_before="${1%%[0-9]*}"
                case "$lesson_before" in
                    --package= | -p | -p= | -[qrv]p | -[qrv]p= | -[qrv][qrv]p | -[qrv][qrv]p=)
                        lesson_name="${1#"$lesson_before"}"
                        ;;
                esac
                ;;
            *)
                case "$lesson_option" in
                    --package | -p | -[qrv]p | -[qrv][qrv]p)
                        lesson_name="$1"
                        ;;
                    --bin | --example | --features | --profile | --jobs | --target | --target-dir) ;;
                    --manifest-path | --message-format | --color | --config | -[CFZj] | -[qrv][FZj]) ;;
                    *)
                        # Neither an option nor the value of one.
                        case "$lesson_command" in
                            '') lesson_command="$1" ;;
                            # From here on, the words are those of the program.
                            r | run) break ;;
                        esac
                        case "$lesson_command" in
                            +*) lesson_command='' ;;
                            add | b | bench | build | c | check | clean | clippy | d | doc | fix | fmt | nextest) ;;
                            package | pkgid | publish | r | remove | rm | run | rustc | rustdoc | t | test) ;;
                            tree | update) ;;
                            # To another command, -p may mean something else.
                            *) break ;;
                        esac
                        ;;
                esac
                lesson_option=''
                ;;
        esac

        lesson_word="$1"
        case "$lesson_name" in
            @LESSONS@)
                # Other workspaces are none of our business.
                for lesson_top in . .. ../.. ../../.. ../../../.. ../../../../..; do
                    if [ -e "$lesson_top/lessons/$lesson_name/Cargo.toml" ]; then
                        lesson_word="${lesson_before}lesson-$lesson_name"
                        break
                    fi
                done
                ;;
        esac
        lesson_words+=("$lesson_word")
        shift
    done
    command cargo "${lesson_words[@]}" "$@"
}
