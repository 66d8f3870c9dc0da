#include "load/dialect.hpp"

#include "load/frame.hpp"
#include "load/yjs_update.hpp"

#include <charconv>
#include <stdexcept>

namespace load {
namespace {

constexpr std::string_view no_update("\0\0", 2);
constexpr std::string_view no_vector("\0", 1); // of an editor that has nothing yet

std::string binary_frame(std::string_view bytes) {
    std::string frame;
    append_frame(frame, opcode::binary, bytes);
    return frame;
}

// Open WebUI's: bytes are lists of numbers.
class ydoc final : public dialect {
public:
    [[nodiscard]] target place(target server, std::string_view) const override { return server; }

    [[nodiscard]] std::string join(std::string_view document) const override {
        return text_frame(
            begun("join", document) + R"(,"user_name":"An editor","user_color":"#336699"}])");
    }

    [[nodiscard]] std::string
    update(std::string_view document, std::string_view bytes) const override {
        auto event =
            begun("update", document) + R"(,"socket_id":"k3c5BnYx0uJmlv2pAAAB","update":[)";
        for (const unsigned char byte : bytes) {
            event += std::to_string(byte) + ',';
        }
        event.back() = ']';
        return text_frame(event + "}]");
    }

    [[nodiscard]] std::string answer(std::string_view) const override { return {}; }

    heard on_text(std::string_view packet, subject&) override {
        constexpr std::string_view about_document = R"(2["ydoc:document:)";
        if (!packet.starts_with(about_document)) {
            return {};
        }
        packet.remove_prefix(about_document.size());
        if (packet.starts_with("update")) {
            return {subject::update, list(packet, R"("update":[)")};
        }
        if (packet.starts_with("state")) {
            return {subject::state, list(packet, R"("state":[)")};
        }
        return {};
    }

    heard on_binary(std::string_view, subject&) override {
        throw std::runtime_error("a binary frame where lists were asked for");
    }

private:
    static std::string begun(std::string_view event, std::string_view document) {
        return R"(42["ydoc:document:)" + std::string(event) + R"(",{"document_id":")" +
               std::string(document) + R"(","user_id":"0a7e31b6-75c2-4f0e-9d53-a1c04be2f968")";
    }

    std::string_view list(std::string_view packet, std::string_view key) {
        const auto at = packet.find(key);
        if (at == std::string_view::npos) {
            throw std::runtime_error("an event without its bytes");
        }
        bytes_.clear();
        const auto* const end = packet.data() + packet.size();
        for (const auto* from = packet.data() + at + key.size(); from < end;) {
            unsigned char byte = 0;
            const auto read = std::from_chars(from, end, byte);
            if (read.ec != std::errc{}) {
                break; // of an empty list
            }
            bytes_ += static_cast<char>(byte);
            if (read.ptr == end || *read.ptr != ',') {
                break;
            }
            from = read.ptr + 1;
        }
        return bytes_;
    }

    std::string bytes_;
};

// npm's y-socket.io: a namespace for each document, and bytes in frames of their own.
class y_socket_io final : public dialect {
public:
    [[nodiscard]] target place(target server, std::string_view document) const override {
        server.nsp = nsp(document);
        return server;
    }

    [[nodiscard]] std::string join(std::string_view document) const override {
        return carrying("51-" + nsp(document) + R"(,0["sync-step-1",)", no_vector);
    }

    [[nodiscard]] std::string
    update(std::string_view document, std::string_view bytes) const override {
        return carrying("51-" + nsp(document) + R"(,["sync-update",)", bytes);
    }

    [[nodiscard]] std::string answer(std::string_view document) const override {
        return carrying("61-" + nsp(document) + ",0[", no_update);
    }

    heard on_text(std::string_view packet, subject& next) override {
        next = subject::nothing;
        if (packet.starts_with("61-")) {
            next = subject::state;
        } else if (packet.starts_with("51-")) {
            if (packet.find(R"(["sync-update",)") != std::string_view::npos) {
                next = subject::update;
            } else if (packet.find(R"(,0["sync-step-1",)") != std::string_view::npos) {
                next = subject::question; // the first that it asks, and the only one
            }
        }
        return {};
    }

    heard on_binary(std::string_view bytes, subject& next) override { return {next, bytes}; }

private:
    static std::string nsp(std::string_view document) { return "/yjs|" + std::string(document); }

    static std::string carrying(const std::string& begun, std::string_view bytes) {
        return text_frame("4" + begun + R"({"_placeholder":true,"num":0}])") + binary_frame(bytes);
    }
};

// y-protocols over a WebSocket and nothing else.
class y_websocket final : public dialect {
public:
    [[nodiscard]] target place(target server, std::string_view document) const override {
        server.path = "/" + std::string(document);
        server.bare = true;
        return server;
    }

    [[nodiscard]] std::string join(std::string_view) const override {
        return message(step_1, no_vector);
    }

    [[nodiscard]] std::string update(std::string_view, std::string_view bytes) const override {
        return message(update_message, bytes);
    }

    [[nodiscard]] std::string answer(std::string_view) const override {
        return message(step_2, no_update);
    }

    heard on_text(std::string_view, subject&) override {
        throw std::runtime_error("a text frame where all are binary");
    }

    heard on_binary(std::string_view bytes, subject&) override {
        if (bytes.size() < 3 || bytes[0] != sync) {
            return {};
        }
        const char what = bytes[1];
        bytes.remove_prefix(2);
        while ((static_cast<unsigned char>(bytes.front()) & 0x80) != 0 && bytes.size() > 1) {
            bytes.remove_prefix(1); // of the length, which the frame tells as well
        }
        bytes.remove_prefix(1);
        return {
            what == step_1   ? subject::question
            : what == step_2 ? subject::state
                             : subject::update,
            bytes};
    }

private:
    static constexpr char sync = 0;
    static constexpr char step_1 = 0;
    static constexpr char step_2 = 1;
    static constexpr char update_message = 2;

    static std::string message(char what, std::string_view bytes) {
        std::string text{sync, what};
        append_number(text, bytes.size());
        text += bytes;
        return binary_frame(text);
    }
};

} // namespace

std::unique_ptr<dialect> dialect_of(std::string_view name) {
    if (name == "ydoc") {
        return std::make_unique<ydoc>();
    }
    if (name == "y-socket.io") {
        return std::make_unique<y_socket_io>();
    }
    if (name == "y-websocket") {
        return std::make_unique<y_websocket>();
    }
    throw std::invalid_argument("no dialect: " + std::string(name));
}

} // namespace load
