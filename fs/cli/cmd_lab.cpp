// SPDX-License-Identifier: MIT
// create and examine: images, with nothing mounted.
#include <cstdio>
#include <memory>

#include "engine/kernel/disk.hpp"
#include "engine/kernel/shown.hpp"
#include "engine/mdadm/array.hpp"
#include "engine/mdadm/examine.hpp"
#include "engine/mdadm/imsm/bitmap.hpp"
#include "fs/cli/commands.hpp"
#include "fs/cli/interrupt_flag.hpp"
#include "fs/cli/standard_streams.hpp"

namespace mdscope {

std::string serial_complaint(const std::string& word) {
    const std::size_t equals = word.find('=');
    const bool good = equals != std::string::npos && equals > 0 && equals + 1 < word.size();
    return good ? "" : "'" + word + "' is not NAME=SERIAL, as sda=/dev/sda";
}

namespace {

struct CreateWords {
    CreateOptions options;
    std::string size = "64M";
    std::string chunk = "64K";
    std::string delay = "5s";
    std::string name;
    const CLI::Option* chunk_option = nullptr;
    const CLI::Option* metadata_option = nullptr;
};

// What the words say, or the option that makes no sense.
Result<CreateOptions> understood(const CreateWords& words) {
    CreateOptions options = words.options;
    const Result<std::uint64_t> size = parse_member_size(words.size);
    if (!size) return Error{EINVAL, "--size: " + size.error().text};
    options.size_bytes = *size;
    options.chunk = 0;  // mdadm's choice
    if (words.chunk != "mdadm") {
        const Result<std::uint64_t> chunk = parse_size(words.chunk);
        if (!chunk) return Error{EINVAL, "--chunk: " + chunk.error().text};
        if (*chunk < 512 || (*chunk & (*chunk - 1)) != 0)
            return Error{EINVAL, "--chunk: '" + words.chunk + "' is not a power of 2 of at least 512 bytes"};
        options.chunk = *chunk;
    }
    const Result<std::uint64_t> delay = parse_duration_ms(words.delay);
    if (!delay) return Error{EINVAL, "--delay: " + delay.error().text};
    if (*delay == 0) return Error{EINVAL, "--delay: the bitmap's daemon needs a period of at least 1ms"};
    options.daemon_sleep_ms = *delay;
    const bool imsm = options.metadata == "imsm";
    if (imsm && words.chunk_option->count() != 0 && options.chunk != kImsmBitmapChunk)
        return Error{EINVAL, "--chunk: with IMSM metadata a bit of the bitmap always stands for 64M"};
    if (!words.name.empty() && !imsm && options.bitmap == "external")
        return Error{EINVAL, "--name: a lab with an external bitmap has no place for a name"};
    if (!words.name.empty())
        options.name = words.name;
    else if (imsm)
        options.name = "vol0";
    if (!imsm && options.bitmap == "external" && words.metadata_option->count() != 0)
        return Error{EINVAL, "--metadata " + options.metadata +
                                 ": the metadata of an external bitmap (the default) is external:lab; add --bitmap "
                                 "internal, --bitmap none or --bitmap ./FILE, or leave --metadata out"};
    if (options.bitmap.empty()) return Error{EINVAL, "--bitmap: external, internal, none, or the path of a file"};
    return options;
}

int create(const CreateWords& words) {
    const Result<CreateOptions> options = understood(words);
    if (!options) return complain(kUsage, options.error().text);
    const InterruptFlag interrupt;  // A lab is there or not: it takes a moment, and nobody ends that half-way.
    const Result<CreateReport> report = create_lab(*options);
    if (!report) return complain(code_of_create(report.error()), report.error().text);
    std::fputs(shown_lines(report->text).c_str(), stdout);
    if (!report->text.ends_with('\n')) std::fputs("\n", stdout);
    return it_is_done();
}

// ---- examine

struct ExamineWords {
    std::vector<std::string> images;
    std::vector<std::string> serials;
    bool json = false;
    bool exported = false;
};

// Of NAME=SERIAL the serial; nothing for another name.
std::string serial_of(const std::vector<std::string>& serials, const std::string& name) {
    for (const std::string& word : serials)
        if (word.starts_with(name + "=")) return word.substr(name.size() + 1);
    return {};
}

// The keys of mdadm --examine --export, and what it has no words for; a value is a word of the shell.
std::string export_text(const Examination& found) {
    std::string text;
    const auto put = [&](const char* key, const std::string& value) {
        text += std::string(key) + "=" + shell_word(value) + "\n";
    };
    put("MD_DEVNAME", found.path);
    if (found.super) {
        const Superblock1& sb = found.super->sb;
        put("MD_LEVEL", sb.level == 1 ? "raid1" : std::to_string(sb.level));
        put("MD_DEVICES", std::to_string(sb.raid_disks));
        put("MD_METADATA", "1." + std::to_string(found.super->minor_version));
        put("MD_NAME", sb.set_name);
        put("MD_UUID", format_uuid(sb.set_uuid));
        put("MD_DEV_UUID", format_uuid(sb.device_uuid));
        put("MD_EVENTS", std::to_string(sb.events));
    }
    if (found.label && *found.label) {
        put("MD_METADATA", "external:lab");
        put("MD_UUID", format_uuid((*found.label)->set_uuid));
        put("MD_DEV_UUID", format_uuid((*found.label)->member_uuid));
    }
    if (found.imsm)
        for (const auto& [key, value] : imsm_export_of(*found.imsm)) put(key.c_str(), value);
    if (found.bits) put("MD_BITMAP_BITS", std::to_string(found.bits->total));
    if (found.bits && found.bits->counted) put("MD_BITMAP_DIRTY", std::to_string(found.bits->dirty));
    return text;
}

Result<std::string> examined(const std::string& image, const ExamineWords& words) {
    const std::string serial = serial_of(words.serials, disk_name(image));
    if (words.json) return examine_json(image, serial);
    if (!words.exported) return examine_text(image, serial);
    const Result<Examination> found = examine_image(image, serial);
    if (!found) return found.error();
    return export_text(*found);
}

int examine(const ExamineWords& words) {
    int exit_code = kOk;
    for (const std::string& image : words.images) {
        const Result<std::string> text = examined(image, words);
        if (!text) {
            exit_code = complain(kUnusable, text.error().text);
            continue;
        }
        std::fputs(text->c_str(), stdout);
        if (!text->ends_with('\n')) std::fputs("\n", stdout);
    }
    return exit_code;
}

}  // namespace

int code_of_create(const Error& error) {
    if (error.err == EBUSY || error.err == EAGAIN) return kBusy;
    return error.err == EINVAL || error.err == ERANGE ? kUsage : kFailed;  // options that make no sense together
}

void add_lab_commands(CLI::App& app, int* exit_code) {
    CLI::App* create_app = app.add_subcommand("create", "Make a lab: a folder of new member images");
    const auto words = std::make_shared<CreateWords>();
    create_app->add_option("LAB", words->options.lab, "Folder; made if missing")->required();
    create_app->add_option("--size", words->size, "Size of each image")->type_name("SIZE")->capture_default_str();
    create_app->add_option("--members", words->options.members, "Number of members")
        ->check(CLI::Range(2, 8))
        ->capture_default_str();
    create_app->add_option("--bitmap", words->options.bitmap, "external, internal, none, or the path of a bitmap file")
        ->type_name("HOME")
        ->capture_default_str();
    words->metadata_option =
        create_app
            ->add_option("--metadata", words->options.metadata,
                         "Version of md's metadata, or imsm; without it 1.2, or external:lab with an external bitmap")
            ->check(CLI::IsMember({"1.2", "1.1", "1.0", "imsm"}));
    create_app->add_option("--spares", words->options.spares, "Number of spares (imsm)")
        ->check(CLI::Range(0, 6))
        ->capture_default_str();
    create_app->add_option("--name", words->name, "Name of the volume (imsm; else vol0), or of a native array")
        ->check(CLI::Validator([](const std::string& name) { return std::string(name.empty() ? "is empty" : ""); },
                               "NAME"));
    create_app->add_option("--serial", words->options.serials, "NAME=SERIAL of a disk, if not /dev/NAME (imsm)")
        ->allow_extra_args(false)
        ->check(CLI::Validator(serial_complaint, "NAME=SERIAL"));
    words->chunk_option =
        create_app->add_option("--chunk", words->chunk, "Bytes a bitmap bit stands for, or 'mdadm' for its choice")
            ->type_name("SIZE")
            ->capture_default_str();
    create_app->add_option("--delay", words->delay, "Period of the bitmap's daemon")
        ->type_name("TIME")
        ->capture_default_str();
    create_app->add_option("--write-mostly", words->options.write_mostly, "Member that is read only when it must be")
        ->type_name("MEMBER");
    create_app->add_flag("--force", words->options.force, "Overwrite images that hold something");
    create_app->footer("Example: mdscope create lab --size 256M --members 3 --bitmap internal --metadata 1.2");
    create_app->callback([=] { *exit_code = create(*words); });

    CLI::App* examine_app = app.add_subcommand("examine", "Show what is on images, as mdadm -E and -X do");
    const auto examine_words = std::make_shared<ExamineWords>();
    examine_app->add_option("IMAGE", examine_words->images, "Member images or bitmap files")->required();
    CLI::Option* json = examine_app->add_flag("--json", examine_words->json, "One JSON object a line");
    examine_app->add_option("--serial", examine_words->serials, "NAME=SERIAL of an IMSM disk, if not /dev/NAME")
        ->allow_extra_args(false)
        ->check(CLI::Validator(serial_complaint, "NAME=SERIAL"));
    examine_app->add_flag("--export", examine_words->exported, "key=value, as mdadm --examine --export")
        ->excludes(json);
    examine_app->footer("Example: mdscope examine lab/sda.img lab/sdb.img");
    examine_app->callback([=] { *exit_code = examine(*examine_words); });
}

}  // namespace mdscope
