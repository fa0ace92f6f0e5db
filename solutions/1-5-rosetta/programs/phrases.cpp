// What C++ answers to some short lines. Each is printed with its result.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <vector>

#define SHOW(line) std::cout << #line << '\t' << (line) << '\n'

struct Channel {
    int alarms = 0;
};

int by_value(Channel channel) { return ++channel.alarms; }
int by_reference(Channel& channel) { return ++channel.alarms; }

int main() {
    int seven = 7;
    std::uint32_t early = 4294967290u, late = 10;
    std::vector<int> empty;
    Channel channel;
    SHOW(seven / 2);
    SHOW(-seven / 2);
    SHOW(-seven % 2);
    SHOW(std::round(2.5));
    SHOW(std::round(-2.5));
    SHOW(static_cast<int>(-2.7));
    SHOW(empty.size() - 1);
    SHOW(late - early);
    SHOW(static_cast<int>(static_cast<std::uint8_t>(255 + 1)));
    SHOW((by_value(channel), channel.alarms));
    SHOW((by_reference(channel), channel.alarms));
}
