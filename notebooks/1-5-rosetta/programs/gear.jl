# gear.jl: where does a worn tooth show in the vibration of a gear wheel?
#
#   signal      readings of a sensor, `samples` of them for each turn of the wheel
#   mark        the sample at which the first tooth passes
#   per_tooth   how many samples one tooth takes
#
# The signal itself is changed: afterwards each turn holds its difference from the first one.

function worn_tooth!(signal, samples, mark, per_tooth)
    turns = length(signal) ÷ samples
    x = reshape(view(signal, 1:turns * samples), samples, turns)
    first_turn = x[:, 1]
    for turn in 1:turns
        x[:, turn] .-= first_turn
    end
    sample, turn = Tuple(argmax(abs.(x)))
    teeth, rest = divrem(sample - mark, per_tooth)
    spread = vec(maximum(x, dims = 2) - minimum(x, dims = 2))
    return (turn = turn, sample = sample, teeth = teeth, rest = rest, spread = spread)
end

# --- reads cases from standard input, writes results to standard output ---

function main()
    case = Dict{String,Vector{Float64}}()
    for line in vcat(readlines(stdin), "")
        parts = split(line, "\t")
        if !isempty(line)
            case[parts[1]] = parse.(Float64, parts[2:end])
        elseif !isempty(case)
            samples, mark, per_tooth = (Int(case[name][1]) for name in ("samples", "mark", "per_tooth"))
            found = worn_tooth!(case["signal"], samples, mark, per_tooth)
            for name in (:turn, :sample, :teeth, :rest, :spread)
                println(join([string(name); string.(found[name])], "\t"))
            end
            println(join(["signal"; string.(case["signal"])], "\t"), "\n")
            empty!(case)
        end
    end
end

main()
