// One client's socket, and all of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bare {

class crowd;

class connection {
public:
    connection(int descriptor, int epoll, std::size_t index)
        : descriptor_(descriptor), epoll_(epoll), index_(index) {}
    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    bool receive(crowd& all); // false when the client has gone
    void queue(crowd& all, std::string_view frame);
    void flush();

private:
    friend class crowd;

    bool take_handshake(crowd& all, std::string_view bytes, std::size_t& used);
    bool on_frame(crowd& all, unsigned type, std::string_view payload);
    void on_event(crowd& all, std::string_view packet);

    int descriptor_;
    int epoll_;
    std::size_t index_; // in the crowd
    bool open_ = false; // upgraded
    bool joined_ = false;
    bool dirty_ = false;
    bool writing_ = false;
    std::string in_;
    std::string out_;
};

class crowd {
public:
    connection& add(int descriptor, int epoll);
    void forget(connection& one);
    void flush(); // each socket that has something pending

    [[nodiscard]] std::size_t size() const { return all_.size(); }
    [[nodiscard]] bool streaming() const {
        return until_ != std::chrono::steady_clock::time_point{};
    }
    void stream_for(std::chrono::seconds time);
    void stream(std::chrono::steady_clock::time_point now); // one event for each client in the room

    void mark_dirty(connection& one) { dirty_.push_back(&one); }
    void spread(std::string_view frame); // to the room

private:
    std::vector<std::unique_ptr<connection>> all_;
    std::vector<connection*> dirty_;
    std::chrono::steady_clock::time_point until_;
};

} // namespace bare
