"""What is known of languages beside the collection: a dictionary, CLDR's names, rarity."""
