#include "sio/client.hpp"

#include "sio/msgpack_packet.hpp"
#include "sio/server.hpp"

#include <algorithm>
#include <utility>

namespace sio {

namespace {

// A sound packet that the client may not send now.
mistake out_of_place(const char* what) {
    return {what, eio::close_reason::out_of_place};
}

} // namespace

socket* client::find(std::string_view nsp) const noexcept {
    const auto found = std::ranges::find_if(
        sockets_, [&](const socket* each) { return each->home.name() == nsp; });
    return found == sockets_.end() ? nullptr : *found;
}

void client::remove(const socket& left, bool by_server) {
    std::erase(sockets_, &left);
    if (!by_server || was_removed_from(left.home.name()))
        return;
    if (!left_)
        left_ = std::make_unique<std::vector<std::string>>();
    else if (left_->size() == above_.options().max_namespaces)
        left_->erase(left_->begin());
    left_->push_back(left.home.name());
}

bool client::was_removed_from(std::string_view nsp) const noexcept {
    return left_ && std::ranges::find(*left_, nsp) != left_->end();
}

void client::send(const outgoing_packet& packet) {
    constexpr auto message = eio::packet_type::message;
    session_.send({message, packet.binary, packet.frame, packet.compress});
    for (const auto& attachment : packet.attachments)
        session_.send({message, true, attachment, packet.compress});
}

fault client::on_frame(std::string_view data, bool binary) {
    switch (above_.options().format) {
    case packet_format::json:
        return binary ? on_attachment(data) : on_text(data);
    case packet_format::msgpack:
        return binary ? on_msgpack(data) : fault("it sent text, and packets are msgpack here");
    case packet_format::custom:
        above_.on_frame(*this, data, binary);
        break;
    }
    return std::nullopt;
}

fault client::on_text(std::string_view text) {
    if (partial_)
        return "it sent text, and not the attachments of its last packet";
    const auto packet = decode_packet(text, above_.options().max_attachments);
    if (!packet)
        return "it sent what is no Socket.IO packet, or one of more than " +
               std::to_string(above_.options().max_attachments) + " attachments";
    return on_packet(*packet);
}

fault client::on_msgpack(std::string_view data) {
    const auto packet = decode_msgpack_packet(data);
    return packet ? on_packet(*packet) : fault("it sent what is no Socket.IO packet in msgpack");
}

fault client::on_packet(const packet_view& packet) {
    switch (packet.type) {
    case packet_type::connect:
        return on_connect(packet);
    case packet_type::disconnect:
        if (!packet.data.empty())
            return "it sent a disconnect packet with data";
        if (auto* leaving = find(packet.nsp))
            above_.on_client_disconnect(*leaving);
        return std::nullopt;
    case packet_type::event:
    case packet_type::ack:
    case packet_type::binary_event:
    case packet_type::binary_ack:
        return on_arguments(packet);
    case packet_type::connect_error:
        break;
    }
    return out_of_place("it sent a connect error, which only a server does");
}

fault client::on_connect(const packet_view& packet) {
    const auto format = above_.options().format;
    if (auto wrong = auth_fault(format, packet.data))
        return wrong;
    if (find(packet.nsp))
        return out_of_place("it connects twice to one namespace");
    if (!above_.on_connect(*this, packet.nsp, packet.data))
        send(encode(
            format,
            packet_type::connect_error,
            packet.nsp,
            {},
            text_value(format, "Unable to connect")));
    return std::nullopt;
}

fault client::on_arguments(const packet_view& packet) {
    const bool is_ack = packet.type == packet_type::ack || packet.type == packet_type::binary_ack;
    auto scan = scan_arguments(above_.options().format, packet.data);
    if (!scan)
        return (is_ack ? "its acknowledgement: " : "its event: ") +
               arguments_fault(above_.options().format, packet.data);
    if (!is_ack && !scan->starts_with_integer && !scan->starts_with_string)
        return "its event has no name";
    if (!is_ack && is_reserved_event(scan->first))
        return "its event has the name \"" + scan->first + "\", which is reserved";
    auto* to = find(packet.nsp);
    if (!to && !is_ack && !was_removed_from(packet.nsp))
        return out_of_place("its event is for a namespace that it has not connected to");
    if (packet.attachments == 0) {
        if (to)
            deliver(*to, is_ack, packet.id, scan->first, {std::string(packet.data), {}});
        return std::nullopt;
    }
    // Refused before anything is gathered: acks of strangers, placeholders of nothing.
    const auto out_of_range = [&](std::uint32_t number) { return number >= packet.attachments; };
    if ((is_ack && !to) || scan->bad_placeholder ||
        std::ranges::any_of(scan->placeholders, out_of_range))
        return "it announces attachments that nothing in its packet is for";
    partial_ = std::make_unique<partial_packet>(partial_packet{
        .type = is_ack ? packet_type::ack : packet_type::event,
        .nsp = std::string(packet.nsp),
        .id = packet.id,
        .missing = packet.attachments,
        .event = std::move(scan->first),
        .args = {std::string(packet.data), {}}});
    partial_->args.attachments.reserve(packet.attachments);
    return std::nullopt;
}

fault client::on_attachment(std::string_view data) {
    if (!partial_)
        return "it sent an attachment that no packet has announced";
    partial_->bytes += data.size();
    if (partial_->bytes > above_.options().max_attachment_bytes)
        return "the attachments of its packet have more than " +
               std::to_string(above_.options().max_attachment_bytes) + " bytes";
    partial_->args.attachments.emplace_back(data);
    if (--partial_->missing > 0)
        return std::nullopt;
    auto complete = std::exchange(partial_, nullptr);
    if (auto* to = find(complete->nsp))
        deliver(
            *to,
            complete->type == packet_type::ack,
            complete->id,
            complete->event,
            std::move(complete->args));
    return std::nullopt;
}

void client::deliver(
    socket& to,
    bool is_ack,
    std::optional<std::uint64_t> id,
    std::string_view event,
    arguments&& args) {
    if (is_ack) {
        if (id)
            above_.on_ack(to, *id, std::move(args));
    } else if (to.state != socket_state::connected) {
        if (!std::exchange(to.warned, true)) // once: a peer does not fill the log
            above_.warn(to.sid.str() + " is not connected to namespace " + to.home.name());
    } else {
        above_.on_event(to, event, id, std::move(args));
    }
}

} // namespace sio
