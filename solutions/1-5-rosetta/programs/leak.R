# leak.R: which hours of a flow meter look like a burst pipe?
#
#   flow    litres per second, one number for each hour
#   usual   the usual flow: a pattern of so many hours, which then begins again
#   k       how many hours to report

leak_report <- function(flow, usual, k) {
  excess <- flow - usual
  rise   <- excess[-1] - excess[-length(excess)]
  score  <- (rise - mean(rise)) / sd(rise)
  worst  <- order(score, decreasing = TRUE)[1:k]
  level  <- cut(excess, c(-Inf, 0, 5, Inf), labels = c("low", "normal", "high"))
  list(hours  = worst + 1,
       scores = score[worst],
       limit  = quantile(excess, 0.9),
       levels = table(level))
}

# --- reads cases from standard input, writes results to standard output ---

number <- function(x) paste(sprintf("%.17g", x), collapse = "\t")

lines <- readLines(file("stdin"))
case <- list()
for (line in c(lines, "")) {
  if (nchar(line) > 0) {
    parts <- strsplit(line, "\t")[[1]]
    case[[parts[1]]] <- as.numeric(parts[-1])
  } else if (length(case) > 0) {
    found <- suppressWarnings(leak_report(case$flow, case$usual, case$k))
    cat("hours\t", number(found$hours), "\nscores\t", number(found$scores), "\nlimit\t", number(found$limit),
        "\nlevels\t", number(found$levels), "\n\n", sep = "")
    case <- list()
  }
}
