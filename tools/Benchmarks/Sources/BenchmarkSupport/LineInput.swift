import Glibc

/// Answers each line of standard input with what `answer` makes of it, until the end of input.
public func answerLines(_ answer: (String) -> String) {
    while let line = readLine() {
        print(answer(line))
        fflush(nil)
    }
}
