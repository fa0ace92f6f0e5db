# What R answers to some short lines. Each is printed with its result.
lines <- c(
  "7 / 2", "-7 %/% 2", "-7 %% 2", "round(2.5)", "round(-2.5)", "as.integer(-2.7)", "2147483647L + 1L",
  "c(10, 20, 30)[1]", "c(10, 20, 30)[-1]", "c(10, 20, 30)[2:3]",
  "1:6 + c(10, 20)", "1:5 + c(10, 20)",
  "matrix(1:6, nrow = 2)[2, ]", "matrix(1:9, nrow = 3)", "matrix(1:9, nrow = 3) - c(1, 2, 3)",
  "sd(c(1, 2, 3, 4))", "order(c(0.5, 0.9, 0.9, 0.1), decreasing = TRUE)",
  "table(cut(c(1, 2, 9), c(0, 2, 4, 10)))"
)
for (line in lines) {
  result <- suppressWarnings(eval(parse(text = line)))
  rows <- if (is.matrix(result)) apply(result, 1, paste, collapse = " ") else paste(result, collapse = " ")
  cat(line, "\t", paste(rows, collapse = " / "), "\n", sep = "")
}
