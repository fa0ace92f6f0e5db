# What Julia answers to some short lines. Each is printed with its result.
lines = [
    "7 / 2", "-7 ÷ 2", "-7 % 2", "mod(-7, 2)", "round(2.5)", "round(-2.5)", "trunc(Int, -2.7)",
    "typemax(Int64) + 1",
    "[10, 20, 30][1]", "[10, 20, 30][end]", "[10, 20, 30][2:3]",
    "reshape(1:6, 2, 3)", "reshape(1:6, 2, 3)[2, :]", "argmax([3, 7, 7])",
    "(a = [1, 2, 3]; b = a; b[1] = 9; a)",
    "(a = [1, 2, 3]; b = a[1:2]; b[1] = 9; a)",
    "(a = [1, 2, 3]; b = view(a, 1:2); b[1] = 9; a)",
]
for line in lines
    result = eval(Meta.parse(line))
    println(line, "\t", result isa AbstractMatrix ? join([join(result[i, :], " ") for i in 1:2], " / ") :
            join(result, " "))
end
