# SPDX-License-Identifier: MIT
"""What is on the image of a member, read here and not by the kernel that is on trial.

    sector 8             superblock 1.2       events, and which member has which slot; 1.1: sector 0, 1.0: near the end
    + bitmap_offset      header of the bitmap, 256 bytes; the bits behind it
    data_offset          the data
"""

import os
import struct

SECTOR = 512
MAGIC = 0xA92B4EFC


class Member:
    def __init__(self, path, name):
        self.path, self.name = path, name
        at, block = self._superblock()
        self.raid_disks = struct.unpack_from("<I", block, 92)[0]
        self.bitmap = at + struct.unpack_from("<i", block, 96)[0] * SECTOR
        self.data = struct.unpack_from("<Q", block, 128)[0] * SECTOR
        self.events = struct.unpack_from("<Q", block, 200)[0]
        roles = struct.unpack_from("<%dH" % struct.unpack_from("<I", block, 220)[0], block, 256)
        self.array_state = "".join("A" if slot in roles else "." for slot in range(self.raid_disks))

    def _superblock(self):
        end = (os.path.getsize(self.path) // SECTOR - 16) & ~7
        for sector in (8, 0, end):
            block = self._read(sector * SECTOR, 4096)
            if struct.unpack_from("<I", block)[0] == MAGIC and struct.unpack_from("<Q", block, 144)[0] == sector:
                return sector * SECTOR, block
        raise ValueError("%s has no superblock" % self.path)

    def _read(self, at, length):
        with open(self.path, "rb") as file:
            file.seek(at)
            return file.read(length)

    def bits_set(self):
        header = self._read(self.bitmap, 256)
        sectors, chunk = struct.unpack_from("<Q", header, 40)[0], struct.unpack_from("<I", header, 52)[0]
        chunks = -(-sectors * SECTOR // chunk)
        bits = int.from_bytes(self._read(self.bitmap + 256, -(-chunks // 8)), "little")
        return bin(bits & ((1 << chunks) - 1)).count("1")

    def bytes_at(self, at, length):
        return self._read(self.data + at, length)

    def words_at(self, at):
        """The recipes write lines of text."""
        return self.bytes_at(at, 64).split(b"\n")[0].decode(errors="replace").strip("\0") or "zeroes"
