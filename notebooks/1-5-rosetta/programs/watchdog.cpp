// watchdog.cpp: from the controller of a pump. Follows the temperature of each channel, counts sudden jumps.
//
//   ms        time of each row in milliseconds, from a timer that starts again at 0 after 2^32
//   raw       the readings in 1/16 degree, row after row, one for each channel
//   channels  how many channels there are

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

struct Channel {
    int level = 0;
    std::uint32_t ms = 0;
    std::uint8_t alarms = 0;
};

std::vector<Channel> watch(const std::vector<std::uint32_t>& ms, const std::vector<int>& raw, std::size_t channels) {
    std::vector<Channel> state(channels);
    for (std::size_t row = 0; row < ms.size(); ++row) {
        for (std::size_t c = 0; c < channels; ++c) {
            Channel& now = state[c];
            Channel before = now;
            now.level += (raw[row * channels + c] - now.level) / 4;
            now.ms = ms[row];
            std::uint32_t gap = now.ms - before.ms;
            if (gap <= 1000 && std::abs(now.level - before.level) >= 20) {
                now.alarms += 1;
            }
        }
    }
    return state;
}

// --- reads cases from standard input, writes results to standard output ---

int main() {
    std::vector<std::uint32_t> ms;
    std::vector<int> raw;
    std::string line, name;
    while (std::getline(std::cin, line)) {
        std::istringstream in(line);
        in >> name;
        if (line.rfind("ms", 0) == 0) {
            ms.clear();
            for (std::uint32_t value; in >> value;) ms.push_back(value);
        } else if (line.rfind("raw", 0) == 0) {
            raw.clear();
            for (int value; in >> value;) raw.push_back(value);
        } else if (line.rfind("channels", 0) == 0) {
            std::size_t channels = 0;
            in >> channels;
            std::vector<Channel> state = watch(ms, raw, channels);
            std::cout << "levels";
            for (const Channel& channel : state) std::cout << '\t' << channel.level;
            std::cout << "\nms";
            for (const Channel& channel : state) std::cout << '\t' << channel.ms;
            std::cout << "\nalarms";
            for (const Channel& channel : state) std::cout << '\t' << static_cast<int>(channel.alarms);
            std::cout << "\n\n";
        }
    }
}
